import { i18n } from "@lingui/core";
import { I18nProvider, useLingui } from "@lingui/react";
import { lazy, type ReactNode, Suspense, useEffect, useSyncExternalStore } from "react";
import { RouterProvider } from "react-aria-components";
import { I18nProvider as AriaI18nProvider } from "react-aria-components/I18nProvider";
import { adoptLanguage } from "../i18n/i18n.ts";
import { ToastRegion } from "../ui/ToastRegion.tsx";
import { ErrorBoundary } from "../views/errors/ErrorBoundary.tsx";
import { ForbiddenPanel } from "../views/errors/ForbiddenPanel.tsx";
import { PageSkeleton } from "../views/errors/PageSkeleton.tsx";
import { BareFrame, Frame } from "./Frame.tsx";
import { currentPath, go, subscribePath } from "./navigation.ts";
import { type Found, findRoute } from "./routes.ts";
import { type Session, useSession } from "./session.ts";

const SecondFactorView = lazy(() => import("../views/signin/SecondFactorView.tsx"));

/** The client: language, navigation, notices, and the screen of the current path. */
export function App() {
  return (
    <I18nProvider i18n={i18n}>
      <Localised>
        <RouterProvider navigate={(path) => go(path)}>
          <Screen />
          <ToastRegion />
        </RouterProvider>
      </Localised>
    </I18nProvider>
  );
}

/** Gives the component library the chosen language, for its own words, dates and directions. */
function Localised({ children }: { readonly children: ReactNode }) {
  const { i18n: current } = useLingui();
  return <AriaI18nProvider locale={current.locale}>{children}</AriaI18nProvider>;
}

function Screen() {
  const path = useSyncExternalStore(subscribePath, currentPath);
  const found = findRoute(path);
  // A view that broke does not take the next one with it.
  const body = (
    <ErrorBoundary key={found.route.name}>
      <Suspense fallback={found.route.frame === "page" ? <PageSkeleton /> : null}>
        <found.route.view parameters={found.parameters} />
      </Suspense>
    </ErrorBoundary>
  );
  if (found.route.frame === "own") return body;
  if (found.route.frame === "bare") return <BareFrame>{body}</BareFrame>;
  return <Framed found={found} path={path} body={body} />;
}

function Framed({
  found,
  path,
  body,
}: {
  readonly found: Found;
  readonly path: string;
  readonly body: ReactNode;
}) {
  const session = useSession();
  const access = accessTo(found.route.access, session);
  useEffect(() => {
    if (access === "sign-in") go(`/sign-in?next=${encodeURIComponent(path)}`, { replace: true });
  }, [access, path]);
  const own = session.state === "signed-in" ? session.me.language : null;
  useEffect(() => {
    if (own !== null) void adoptLanguage(own);
  }, [own]);
  if (session.state === "signed-in" && session.me.second_factor !== null) {
    return (
      <BareFrame>
        <Suspense>
          <SecondFactorView me={session.me} wanted={session.me.second_factor} />
        </Suspense>
      </BareFrame>
    );
  }
  return (
    <Frame session={session} path={path}>
      {access === "yes" ? body : access === "no" ? <ForbiddenPanel /> : <PageSkeleton />}
    </Frame>
  );
}

function accessTo(
  wanted: "anybody" | "member" | "admin",
  session: Session,
): "yes" | "no" | "wait" | "sign-in" {
  // A page that needs nobody signed in words an unreachable server itself; so does every other when it loads its data.
  if (wanted === "anybody" || session.state === "error") return "yes";
  if (session.state === "loading") return "wait";
  if (session.state === "signed-out") return "sign-in";
  return wanted === "admin" && session.me.role === "member" ? "no" : "yes";
}
