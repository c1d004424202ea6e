/** Six people in one page of one browser. */

import type { Browser } from "playwright-core";
import type { Api, MeetingInfo } from "./api";
import { syntheticScript } from "./bundle";
import type { Persona } from "./cast";

/** Brings them into the meeting; resolves when the engine has them all. They leave with their browser's context. */
export async function bringCrowd(
  browser: Browser,
  api: Api,
  meeting: MeetingInfo,
  crowd: readonly Persona[],
): Promise<void> {
  const context = await browser.newContext();
  const page = await context.newPage();
  // Signalling demands its own origin; the start page is the smallest there.
  await page.goto(api.url);
  await page.evaluate(await syntheticScript());
  const extras = await Promise.all(
    crowd.map(async ({ name, hue, toneHz }) => ({ ticket: await api.ticket(meeting, name), hue, toneHz })),
  );
  await page.evaluate((people) => window.perform(people), extras);
}
