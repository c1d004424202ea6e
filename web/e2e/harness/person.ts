/** Somebody with a browser: does what a person does, through accessible names, and says what they see and hear. */

import type { BrowserContext, Locator, Page } from "playwright-core";
import type { ServerMessage } from "../../src/api/signalling";
import type { FirstFrame, Sight } from "../page/contract";
import { type Persona, SCREEN_HUE, SPEAKERS } from "./cast";
import { heardNames, isOf, isScreen, names } from "./judge";
import { PATIENCE_MS } from "./patience";
import { illegible, PART } from "./print";
import { until } from "./wait";

/** Two syllables and a bit. */
const LISTENING_MS = 700;
/** Of the journal in a message: enough to see what the last press did. */
const LAST_LINES = 12;
const LINE_LENGTH = 160;
/** Of the Tab key: more than any page has. */
const MOST_STOPS = 120;

export class Person {
  readonly persona: Persona;
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page, refusals of its policy and requests to strangers. */
  readonly problems: string[] = [];
  /** Everything that signalling ever sent here. */
  readonly frames: ServerMessage[] = [];
  /** What its console and signalling said, for who looks for the cause of a failure. */
  readonly journal: string[] = [];
  #listening = false;

  constructor(persona: Persona, context: BrowserContext, page: Page) {
    this.persona = persona;
    this.context = context;
    this.page = page;
    page.on("pageerror", (error) => this.problems.push(`${persona.name}: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      this.#note(`${message.type()}: ${message.text()}`);
      if (message.text().includes("Content Security Policy")) {
        this.problems.push(`${persona.name}: ${message.text()}`);
      }
    });
    page.on("websocket", (socket) => {
      this.#note("socket opened");
      socket.on("close", () => this.#note("socket closed"));
      socket.on("framesent", ({ payload }) => this.#note(`> ${payload.slice(0, 600)}`));
      socket.on("framereceived", ({ payload }) => {
        this.#note(`< ${payload.slice(0, 600)}`);
        this.frames.push(JSON.parse(payload.toString()) as ServerMessage);
      });
    });
    page.on("load", () => {
      this.#listening = false;
    });
  }

  /** Opens a full link and enters with one click. */
  async join(link: string): Promise<void> {
    await this.page.goto(link);
    await this.page.getByRole("textbox", { name: "Your name" }).fill(this.persona.name);
    await this.button("Join").click();
  }

  async press(name: string): Promise<void> {
    this.#note(`presses ${name}`);
    await this.page.bringToFront();
    await this.button(name).first().click({ timeout: PATIENCE_MS });
  }

  /** Goes to a control with the Tab key alone, as who has no mouse does. */
  async tabTo(role: "button" | "checkbox" | "menuitem" | "textbox", name: string): Promise<void> {
    const control = this.page.getByRole(role, { name, exact: true }).last();
    await control.waitFor({ timeout: PATIENCE_MS });
    for (let step = 0; step < MOST_STOPS; step += 1) {
      if (await control.evaluate((element) => element === document.activeElement)) {
        return;
      }
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`${this.persona.name} comes to no ${role} "${name}" with the Tab key`);
  }

  /** Presses a button with the keyboard alone. */
  async keys(name: string): Promise<void> {
    this.#note(`presses ${name} by keyboard`);
    await this.tabTo("button", name);
    await this.page.keyboard.press("Enter");
  }

  /** Presses a button of the dialog or menu that the last press opened. */
  async confirm(name: string): Promise<void> {
    const choice = this.page.getByRole("menuitem", { name, exact: true }).or(this.button(name)).last();
    this.#note(`presses ${name}`);
    await choice.click({ timeout: PATIENCE_MS });
  }

  /** Writes a line of chat to everybody, or to one. */
  async says(line: string, to?: Persona): Promise<void> {
    const message = this.page.getByRole("textbox", { name: "Message" });
    if (!(await message.isVisible())) {
      await this.press("Chat");
    }
    if (to !== undefined) {
      await this.page.getByRole("button", { name: /\bTo$/ }).click();
      await this.page.getByRole("option", { name: to.name }).click();
    }
    await message.fill(line);
    await this.press("Send");
  }

  /** Waits until somebody can use the meeting's toolbar. */
  async isInMeeting(): Promise<void> {
    await this.#until("is in the meeting", PATIENCE_MS, async () =>
      (await this.button("Leave").isVisible())
        ? undefined
        : ((await this.page.locator("body").textContent()) ?? ""),
    );
  }

  async reads(text: string | RegExp, timeoutMs = PATIENCE_MS): Promise<void> {
    await this.page.getByText(text).first().waitFor({ timeout: timeoutMs });
  }

  /** Waits until tiles show moving pictures of exactly these others, each under their own name. */
  async sees(others: readonly Persona[], timeoutMs = PATIENCE_MS): Promise<void> {
    const prints = new Map<string, Set<number>>();
    await this.#until(`sees ${names(others)}`, timeoutMs, async () => {
      const sights = (await this.sights()).filter(({ label }) => !label.startsWith(this.persona.name));
      const moving = sights.filter((sight) => {
        const seen = prints.get(sight.label) ?? new Set();
        prints.set(sight.label, seen.add(sight.fingerprint));
        return seen.size > 1;
      });
      const right = others.every((other) => moving.some((sight) => isOf(sight, other)));
      const strangers = sights.filter(
        (sight) => sight.hue !== null && !isScreen(sight) && !others.some((other) => isOf(sight, other)),
      );
      const wrong = { sights, moving: moving.map(({ label }) => label), strangers: strangers.length };
      return right && strangers.length === 0 ? undefined : JSON.stringify(wrong);
    });
  }

  /** Waits until somebody's picture comes in this height. */
  async seesInHeight(other: Persona, height: number): Promise<void> {
    await this.#until(`sees ${other.name} ${height} pixels high`, PATIENCE_MS, async () => {
      const sights = await this.sights();
      const found = sights.some((sight) => isOf(sight, other) && sight.height === height);
      return found ? undefined : JSON.stringify(sights);
    });
  }

  /** Waits until so many media packets have come since the page was opened. */
  async receives(packets: number): Promise<void> {
    await this.#until(`receives ${packets} packets`, PATIENCE_MS, async () => {
      const received = await this.page.evaluate(() => window.probe.received());
      return received.packets >= packets ? undefined : String(received.packets);
    });
  }

  /** Waits until exactly pictures of these heights are sent. */
  async sendsHeights(heights: readonly number[]): Promise<void> {
    await this.#until(`sends ${heights.join(" and ")}`, PATIENCE_MS, async () => {
      const sent = await this.page.evaluate(() => window.probe.sentHeights());
      return String(sent) === String(heights) ? undefined : String(sent);
    });
  }

  /** Waits until a picture of whatever colour moves under that name. */
  async seesMoving(other: Persona): Promise<void> {
    const prints = new Set<number>();
    await this.#until(`sees ${other.name} move`, PATIENCE_MS, async () => {
      const sights = await this.sights();
      const found = sights.find(
        (sight) => sight.visible && sight.width > 0 && sight.label.startsWith(other.name),
      );
      prints.add(found?.fingerprint ?? 0);
      return prints.size > 3 ? undefined : JSON.stringify(sights);
    });
  }

  /** Waits until exactly these are heard. */
  async hears(others: readonly Persona[], timeoutMs = PATIENCE_MS): Promise<void> {
    await this.#listen();
    const wanted = names(others);
    await this.#until(`hears ${wanted || "nobody"}`, timeoutMs, async () => {
      const levels = await this.page.evaluate((window_) => window.probe.heard(window_), LISTENING_MS);
      const heard = heardNames(levels);
      const loudness = levels.map((level) => Math.round(level)).join(" ");
      return levels.length > 0 && heard === wanted ? undefined : `${heard || "nobody"} (dB: ${loudness})`;
    });
  }

  /** Waits until a shared screen is seen moving under that person's name. */
  async seesScreenOf(other: Persona): Promise<void> {
    await this.#until(`sees the screen of ${other.name}`, PATIENCE_MS, async () => {
      const sights = await this.sights();
      const found = sights.some((sight) => isScreen(sight) && isOf(sight, { ...other, hue: SCREEN_HUE }));
      return found ? undefined : JSON.stringify(sights);
    });
  }

  /** Waits until the small print on a shared screen can be read: `drawn` is what was drawn there. */
  async readsPrint(drawn: readonly number[]): Promise<void> {
    await this.#until("reads the small print", PATIENCE_MS, async () =>
      illegible(drawn, await this.page.evaluate((part) => window.probe.cut("screen", part), PART)),
    );
  }

  async seesNoScreen(): Promise<void> {
    await this.#until("sees no screen", PATIENCE_MS, async () => {
      const sights = await this.sights();
      return sights.some(isScreen) ? JSON.stringify(sights) : undefined;
    });
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  sights(): Promise<Sight[]> {
    return this.page.evaluate(() => window.probe.see());
  }

  firstFrames(): Promise<readonly FirstFrame[]> {
    return this.page.evaluate(() => window.probe.firstFrames());
  }

  /** `until`, and what was said last to who reads why it was never so. */
  async #until(what: string, timeoutMs: number, ask: () => Promise<string | undefined>): Promise<void> {
    try {
      await until(`${this.persona.name} ${what}`, timeoutMs, ask);
    } catch (error) {
      const last = this.journal.slice(-LAST_LINES).map((line) => line.slice(0, LINE_LENGTH));
      throw new Error([String(error), ...last].join("\n"));
    }
  }

  #note(line: string): void {
    this.journal.push(`${new Date().toISOString().slice(11, 23)} ${line}`);
  }

  async #listen(): Promise<void> {
    if (this.#listening) {
      return;
    }
    this.#listening = true;
    const tones = SPEAKERS.map((persona) => persona.toneHz);
    await this.page.evaluate((tonesHz) => window.probe.listen(tonesHz), tones);
  }
}
