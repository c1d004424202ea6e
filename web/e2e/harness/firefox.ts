/** Somebody with Firefox. Its fake camera changes colour all the time; its fake microphone hums at a pitch of ours. */

import { type Browser, type Locator, launch, type Page } from "puppeteer-core";
import type { Sight } from "../page/contract";
import { probeScript } from "./bundle";
import { type Persona, SPEAKERS } from "./cast";
import { heardNames, isOf, names } from "./judge";
import { PATIENCE_MS } from "./patience";
import { until } from "./wait";

const EXECUTABLE = process.env["FIREFOX"] ?? "/usr/bin/firefox-esr";

export class FirefoxPerson {
  readonly persona: Persona;
  readonly #browser: Browser;
  readonly #page: Page;

  private constructor(persona: Persona, browser: Browser, page: Page) {
    this.persona = persona;
    this.#browser = browser;
    this.#page = page;
  }

  static async enter(persona: Persona, home: string): Promise<FirefoxPerson> {
    const browser = await launch({
      browser: "firefox",
      executablePath: EXECUTABLE,
      headless: true,
      env: { ...process.env, HOME: home },
      extraPrefsFirefox: {
        "media.navigator.streams.fake": true,
        "media.navigator.permission.disabled": true,
        "media.navigator.audio.fake_frequency": persona.toneHz,
        "media.peerconnection.ice.loopback": true,
        "media.peerconnection.ice.obfuscate_host_addresses": false,
        "media.autoplay.default": 0,
      },
    });
    const page = await browser.newPage();
    await page.setViewport({ width: 960, height: 600 });
    await page.evaluateOnNewDocument(await probeScript());
    return new FirefoxPerson(persona, browser, page);
  }

  async join(link: string): Promise<void> {
    await this.#page.goto(link);
    await this.#page.locator("::-p-aria([name='Your name'][role='textbox'])").fill(this.persona.name);
    await this.press("Join");
    await this.#button("Leave").wait();
  }

  async press(name: string): Promise<void> {
    await this.#button(name).click();
  }

  async sees(other: Persona): Promise<void> {
    const prints = new Set<number>();
    await until(`${this.persona.name} in Firefox sees ${other.name}`, PATIENCE_MS, async () => {
      const sights = (await this.#page.evaluate(() => window.probe.see())) as Sight[];
      const found = sights.find((sight) => isOf(sight, other));
      prints.add(found?.fingerprint ?? 0);
      return found !== undefined && prints.size > 2 ? undefined : JSON.stringify(sights);
    });
  }

  async hears(others: readonly Persona[]): Promise<void> {
    const tones = SPEAKERS.map((persona) => persona.toneHz);
    await until(`${this.persona.name} in Firefox hears ${names(others)}`, PATIENCE_MS, async () => {
      const levels = await this.#page.evaluate(
        (tonesHz) => window.probe.hearByRecording(tonesHz, 800),
        tones,
      );
      return heardNames(levels) === names(others) ? undefined : levels.join(" ");
    });
  }

  async screenshot(path: `${string}.png`): Promise<void> {
    await this.#page.screenshot({ path });
  }

  #button(name: string): Locator<Element> {
    return this.#page.locator(`::-p-aria([name='${name}'][role='button'])`);
  }

  async leave(): Promise<void> {
    await this.#browser.close();
  }
}
