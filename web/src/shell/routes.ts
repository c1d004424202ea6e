/** Which path is which screen. Every screen is a file of its own, so that joining loads only what joining needs. */

import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import { matchPath } from "./navigation.ts";

export interface ViewProps {
  /** What the path names: `link` of /j/:link, `id` of /meetings/:id. */
  readonly parameters: Readonly<Record<string, string>>;
}

type View = LazyExoticComponent<ComponentType<ViewProps>>;

interface Route {
  readonly pattern: string;
  /** Routes of the same name share their screen's state: choosing a meeting from the list does not load the list anew. */
  readonly name: string;
  readonly view: View;
  /** `page`: with navigation; `bare`: only the mark and the language; `own`: the view draws everything. */
  readonly frame: "page" | "bare" | "own";
  /** Who may see it; the others are sent to sign in, or told. */
  readonly access: "anybody" | "member" | "admin";
}

const home: View = lazy(() => import("../views/home/HomeView.tsx"));
const loadMeeting = () => import("../views/meeting/MeetingView.tsx");
const meeting: View = lazy(loadMeeting);
/** Who joins goes on to the meeting: its screen is fetched while they look into the mirror, and is there when they enter. */
const join: View = lazy(async () => {
  const view = await import("../views/join/JoinView.tsx");
  loadMeeting().catch(() => undefined); // It is asked for again when it is needed.
  return view;
});
const meetings: View = lazy(() => import("../views/meetings/MeetingsView.tsx"));
const consoleView: View = lazy(() => import("../views/console/ConsoleView.tsx"));

const ROUTES: readonly Route[] = [
  { pattern: "/", name: "home", view: home, frame: "page", access: "anybody" },
  { pattern: "/join", name: "join", view: join, frame: "own", access: "anybody" },
  { pattern: "/j/:link", name: "link", view: join, frame: "own", access: "anybody" },
  {
    pattern: "/meeting",
    name: "meeting",
    view: meeting,
    frame: "own",
    access: "anybody",
  },
  { pattern: "/meetings", name: "meetings", view: meetings, frame: "page", access: "member" },
  { pattern: "/meetings/:id", name: "meetings", view: meetings, frame: "page", access: "member" },
  {
    pattern: "/meetings/:id/sessions/:session",
    name: "quality",
    view: lazy(() => import("../views/quality/QualityView.tsx")),
    frame: "page",
    access: "member",
  },
  {
    pattern: "/settings",
    name: "settings",
    view: lazy(() => import("../views/settings/SettingsView.tsx")),
    frame: "page",
    access: "anybody",
  },
  {
    pattern: "/members",
    name: "members",
    view: lazy(() => import("../views/members/MembersView.tsx")),
    frame: "page",
    access: "admin",
  },
  { pattern: "/console", name: "console", view: consoleView, frame: "page", access: "admin" },
  { pattern: "/console/:section/:item", name: "console", view: consoleView, frame: "page", access: "admin" },
  { pattern: "/console/:section", name: "console", view: consoleView, frame: "page", access: "admin" },
  {
    pattern: "/sign-in",
    name: "sign-in",
    view: lazy(() => import("../views/signin/SignInView.tsx")),
    frame: "bare",
    access: "anybody",
  },
  {
    pattern: "/sign-in/organisation",
    name: "organisation",
    view: lazy(() => import("../views/signin/OrganisationView.tsx")),
    frame: "bare",
    access: "anybody",
  },
  {
    pattern: "/enrol",
    name: "enrol",
    view: lazy(() => import("../views/enrol/EnrolView.tsx")),
    frame: "bare",
    access: "anybody",
  },
];

const NOT_FOUND: Route = {
  pattern: "",
  name: "not-found",
  view: lazy(() => import("../views/errors/NotFoundView.tsx")),
  frame: "page",
  access: "anybody",
};

export interface Found {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

export function findRoute(path: string): Found {
  for (const route of ROUTES) {
    const parameters = matchPath(route.pattern, path);
    if (parameters !== null) return { route, parameters };
  }
  return { route: NOT_FOUND, parameters: {} };
}
