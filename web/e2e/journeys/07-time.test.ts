/** How long it takes to be there, and whether lips and words fit. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { ANA, BEN } from "../harness/cast";
import { startChromium } from "../harness/chromium";
import type { Person } from "../harness/person";
import { recordSync } from "../harness/recordings";
import { gatherTroupe, Scene } from "../harness/troupe";
import { until } from "../harness/wait";
import type { SyncMarks } from "../page/contract";

/** ITU-R BT.1359-1: sound may lag the picture by 125 ms and lead it by 45 ms before people notice. */
const LATEST_MS = -125;
const EARLIEST_MS = 45;
/** Of the recording; flashes and beeps repeat so often. */
const LOOP_MS = 2000;
const MARKS = 4;
const JOINS = 5;

const troupe = gatherTroupe(ANA, BEN);

test("the way from a click on Join to the first decoded picture, in its parts", async () => {
  const scene = await Scene.open(troupe);
  const [ana] = (await scene.join(ANA)) as [Person];
  const rows: Record<string, number>[] = [];
  for (let round = 0; round < JOINS; round += 1) {
    const ben = await scene.enter(BEN);
    await ben.join(scene.meeting.join_url);
    await ben.sees([ANA]);
    rows.push(await joinParts(ben, "Ana"));
    await ben.context.close();
    await ana.sees([]);
  }
  const parts = Object.keys(rows[0] ?? {});
  const median = (part: string): number =>
    rows.map((row) => row[part] ?? 0).sort((a, b) => a - b)[JOINS >> 1] ?? 0;
  const line = parts.map((part) => `${part} ${Math.round(median(part))}`).join(" · ");
  console.log(
    `click on Join → first decoded remote picture, median of ${JOINS}, ms since the click: ${line}`,
  );
  // The aim is 1 s on an idle machine; a busy one must still be within what a person waits without doubt.
  expect(median("first picture")).toBeLessThan(3000);
});

test("somebody's sound and picture arrive together", async () => {
  const scene = await Scene.open(troupe);
  const directory = await mkdtemp(`${tmpdir()}/meetinghouse-sync-`);
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const recording = await recordSync(directory, ANA.hue, ANA.toneHz);
  const browser = await startChromium(recording);
  onTestFinished(() => browser.close());
  const ana = await scene.enterWith(browser, ANA);
  await ana.join(scene.meeting.join_url);
  const [ben] = (await scene.join(BEN)) as [Person];
  await ben.sees([ANA]);

  await ana.page.evaluate(() => window.probe.watchSync({ own: true }));
  await ben.page.evaluate(() => window.probe.watchSync({ name: "Ana" }));
  const [sent, shown] = await Promise.all([marks(ana), marks(ben)]);
  // What the fake devices themselves are apart is theirs, not ours.
  const skew = wrapped(lead(shown) - lead(sent));
  console.log(
    `sound leads picture by ${Math.round(skew)} ms (devices ${Math.round(lead(sent))} ms taken off)`,
  );
  expect(skew).toBeGreaterThan(LATEST_MS);
  expect(skew).toBeLessThan(EARLIEST_MS);
});

/** Milliseconds since the click, from the application's own marks, ended by what the probe saw. */
async function joinParts(person: Person, other: string): Promise<Record<string, number>> {
  return await person.page.evaluate((name) => {
    const marks = performance
      .getEntriesByType("mark")
      .filter((mark) => mark.name.startsWith("meetinghouse:join:"))
      .map((mark) => [mark.name.slice("meetinghouse:join:".length), mark.startTime] as const);
    const click = marks.find(([part]) => part === "click")?.[1] ?? Number.NaN;
    const picture = window.probe.firstFrames().find(({ label }) => label.startsWith(name))?.at ?? Number.NaN;
    const parts = marks.filter(([part]) => part !== "click").map(([part, at]) => [part, at - click]);
    return Object.fromEntries([...parts, ["first picture", picture - click]]);
  }, other);
}

async function marks(person: Person): Promise<SyncMarks> {
  await until(`${person.persona.name} notes flashes and beeps`, 20_000, async () => {
    const noted = await person.page.evaluate(() => window.probe.syncMarks());
    return noted.flashes.length >= MARKS && noted.beeps.length >= MARKS ? undefined : JSON.stringify(noted);
  });
  return await person.page.evaluate(() => window.probe.syncMarks());
}

/** By how much beeps come before flashes, median over all pairs, within half a loop. */
function lead({ flashes, beeps }: SyncMarks): number {
  const leads = flashes.map((flash) => {
    const distances = beeps.map((beep) => wrapped(flash - beep));
    return distances.reduce((best, distance) => (Math.abs(distance) < Math.abs(best) ? distance : best));
  });
  return leads.sort((a, b) => a - b)[leads.length >> 1] ?? Number.NaN;
}

function wrapped(ms: number): number {
  return ms - LOOP_MS * Math.round(ms / LOOP_MS);
}
