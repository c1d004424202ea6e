/**
 * What every journey begins with: browsers with fake cameras and microphones, kept for the journeys of one file, and for each
 * journey a server of its own and a clean profile per person.
 */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, vi } from "vitest";
import { Api, type MeetingInfo } from "./api";
import { probeScript } from "./bundle";
import { type Persona, SCREEN_HUE } from "./cast";
import { startChromium } from "./chromium";
import { Person } from "./person";
import { recordPersona } from "./recordings";
import { Relay } from "./relay";
import { Server } from "./server";

/** Where a failed journey leaves pictures of every page and the server's log. */
const EVIDENCE = new URL("../../test-results/e2e/", import.meta.url).pathname;
const SHARED_TAB = "The drawing";
const DRAWING = `<style>
  body { margin: 0; background: hsl(${SCREEN_HUE} 95% 45%) }
  p { width: 90px; height: 90px; background: white; animation: wander 2s linear infinite alternate }
  @keyframes wander { to { margin-left: 80vw } }
</style><p></p>`;

export class Troupe {
  readonly #browsers = new Map<string, Browser>();
  #directory = "";

  async gather(personas: readonly Persona[]): Promise<void> {
    this.#directory = await mkdtemp(`${tmpdir()}/meetinghouse-troupe-`);
    await Promise.all(
      personas.map(async (persona) => {
        const recording = await recordPersona(this.#directory, persona);
        this.#browsers.set(persona.name, await startChromium({ ...recording, shareTab: SHARED_TAB }));
      }),
    );
  }

  browser(persona: Persona): Browser {
    const browser = this.#browsers.get(persona.name);
    if (browser === undefined) {
      throw new Error(`${persona.name} is not in this file's troupe`);
    }
    return browser;
  }

  async dismiss(): Promise<void> {
    await Promise.all([...this.#browsers.values()].map((browser) => browser.close()));
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Browsers for the journeys of a file. */
export function gatherTroupe(...personas: Persona[]): Troupe {
  const troupe = new Troupe();
  beforeAll(() => troupe.gather(personas));
  afterAll(() => troupe.dismiss());
  return troupe;
}

export interface SceneOptions {
  /** The meeting's settings; by default nobody waits in a lobby. */
  readonly settings?: Record<string, unknown>;
  /** Puts a network between browsers and server that can be cut. */
  readonly relayed?: "udp" | "tcp" | "tls";
  /** Where media is served; loopback unless told. */
  readonly mediaHost?: string;
  readonly environment?: Record<string, string>;
  /** Everybody is on another one of so many media workers than who came before; without a relay. */
  readonly workers?: number;
}

/** A usual desk's screen, in CSS pixels. */
export const DESKTOP = { width: 1440, height: 900 } as const;
/** A usual phone, held upright, in CSS pixels. */
export const PHONE = { width: 390, height: 844 } as const;

interface EnterOptions {
  /** Signed in as the meeting's owner. */
  readonly owner?: boolean;
  /** Signed in as somebody else. */
  readonly as?: Api;
  readonly phone?: boolean;
  /** The one other site that this journey leads to. */
  readonly visits?: string;
}

/** A server, its owner and a meeting; ends with the test, which fails if any page had a problem. */
export class Scene {
  readonly server: Server;
  readonly api: Api;
  readonly meeting: MeetingInfo;
  readonly people: Person[] = [];
  readonly #relay: Relay | undefined;
  readonly #troupe: Troupe;

  private constructor(
    troupe: Troupe,
    server: Server,
    api: Api,
    meeting: MeetingInfo,
    relay: Relay | undefined,
  ) {
    this.#troupe = troupe;
    this.server = server;
    this.api = api;
    this.meeting = meeting;
    this.#relay = relay;
  }

  static async open(troupe: Troupe, options: SceneOptions = {}): Promise<Scene> {
    const { settings = { lobby: false }, relayed, mediaHost, workers } = options;
    const directory = await mkdtemp(`${tmpdir()}/meetinghouse-scene-`);
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const relay = relayed === undefined ? undefined : await Relay.open(relayed, mediaHost);
    onTestFinished(() => relay?.close());
    const environment: Record<string, string> = {
      MEETINGHOUSE_TELEMETRY__LOG_LEVEL: "debug",
      ...options.environment,
    };
    if (relay !== undefined) {
      const scheme = relayed === "tls" ? "https" : "http";
      environment["MEETINGHOUSE_SERVER__PUBLIC_URL"] = `${scheme}://${relay.http.host}:${relay.http.port}`;
      environment["MEETINGHOUSE_MEDIA__ADVERTISE"] = `${relay.media.host}:${relay.media.port}`;
    }
    if (relayed === "tls") {
      environment["MEETINGHOUSE_SERVER__TLS"] = "self_signed";
      // Browsers take every name below it for this machine.
      environment["MEETINGHOUSE_TURN__HOST"] = "turn.localhost";
      // For this process alone: nobody vouches for the server.
      vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
      onTestFinished(() => void vi.unstubAllEnvs());
    }
    const server = await Server.start({
      directory,
      environment,
      ...(mediaHost !== undefined && { mediaHost }),
      ...(workers !== undefined && { workers }),
    });
    onTestFinished(() => server.stop());
    relay?.lead(server.http, server.media);
    const url =
      environment["MEETINGHOUSE_SERVER__PUBLIC_URL"] ?? `http://${server.http.host}:${server.http.port}`;
    const api = await Api.enrol(url, server.log);
    const scene = new Scene(troupe, server, api, await api.createMeeting(settings), relay);
    onTestFinished(async ({ task }) => {
      if (task.result?.state === "fail") {
        await scene.#keepEvidence(task.name);
      }
      await scene.#leaveStage();
    });
    return scene;
  }

  get network(): Relay {
    if (this.#relay === undefined) {
      throw new Error("this scene has no relay");
    }
    return this.#relay;
  }

  /** Somebody opens a clean browser; as the owner, signed in. */
  async enter(persona: Persona, options: EnterOptions = {}): Promise<Person> {
    return await this.enterWith(this.#troupe.browser(persona), persona, options);
  }

  /** The same with a browser that is not the troupe's. */
  async enterWith(
    browser: Browser,
    persona: Persona,
    { owner = false, as, phone = false, visits }: EnterOptions = {},
  ): Promise<Person> {
    const context = await browser.newContext({
      permissions: ["camera", "microphone"],
      locale: "en-US",
      viewport: { width: 960, height: 600 },
      ignoreHTTPSErrors: this.api.url.startsWith("https:"),
      ...(phone && { viewport: PHONE, hasTouch: true, isMobile: true }),
    });
    const own = [this.api.url, ...(visits === undefined ? [] : [visits])].map((url) => new URL(url).host);
    const account = owner ? this.api : as;
    if (account !== undefined) {
      await context.addCookies([{ name: "session", value: account.session, url: this.api.url }]);
    }
    const page = await context.newPage();
    await page.addInitScript({ content: await probeScript() });
    const person = new Person(persona, context, page);
    context.on("request", (request) => {
      const target = new URL(request.url());
      if (/^(http|ws)s?:$/.test(target.protocol) && !own.includes(target.host)) {
        person.problems.push(`${persona.name} asked a stranger: ${request.url()}`);
      }
    });
    this.people.push(person);
    return person;
  }

  /** The owner enters, signed in, and so as host. */
  async hostEnters(persona: Persona): Promise<Person> {
    const person = await this.enter(persona, { owner: true });
    await person.join(this.meeting.join_url);
    await person.isInMeeting();
    return person;
  }

  /** Opens a tab that can be shared: by default it moves and has a colour that nobody's camera has. */
  async openTab(person: Person, content = DRAWING): Promise<Page> {
    const tab = await person.context.newPage();
    await tab.setContent(`<!doctype html><title>${SHARED_TAB}</title>${content}`);
    await person.page.bringToFront();
    return tab;
  }

  /** Everybody enters and joins at once, and is in the meeting. */
  async join(...personas: Persona[]): Promise<Person[]> {
    const people = await Promise.all(personas.map((persona) => this.enter(persona)));
    await Promise.all(people.map((person) => person.join(this.meeting.join_url)));
    await Promise.all(people.map((person) => person.isInMeeting()));
    return people;
  }

  /** After every journey: no page broke, nothing was refused by the content security policy, no stranger was asked. */
  async #leaveStage(): Promise<void> {
    const problems = [...new Set(this.people.flatMap((person) => person.problems))];
    for (const person of this.people.filter(({ page }) => !page.isClosed())) {
      problems.push(...(await person.page.evaluate(() => window.probe.violations()).catch(() => [])));
    }
    await Promise.all(this.people.map((person) => person.context.close()));
    expect(problems).toEqual([]);
  }

  async #keepEvidence(test: string): Promise<void> {
    const directory = `${EVIDENCE}${test.replaceAll(/\W+/g, "-")}`;
    await mkdir(directory, { recursive: true });
    await writeFile(`${directory}/server.log`, this.server.log);
    for (const person of this.people.filter(({ page }) => !page.isClosed())) {
      const states = await person.page.evaluate(() => window.probe.connectionStates()).catch(() => []);
      const journal = [...person.journal, ...states, ""].join("\n");
      await writeFile(`${directory}/${person.persona.name}.log`, journal);
      await person.page
        .screenshot({ path: `${directory}/${person.persona.name}.png` })
        .catch(() => undefined);
    }
  }
}
