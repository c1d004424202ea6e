/** Many cameras for the price of one: the load generator publishes them by WHIP, pictures that were encoded once. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import type { Api, MeetingInfo } from "./api";
import { PATIENCE_MS } from "./patience";
import { until } from "./wait";

const ROOT = new URL("../../..", import.meta.url).pathname;
const PROGRAM = `${ROOT}target/release/sfu-load`;
/** Of each: one packet is a picture, and little to decode. */
const RATE = ["--packets-per-second", "5"];
/** Longer than any journey. */
const SECONDS = 3600;

/** Brings them into the meeting; the caller ends the process that plays them. */
export async function bringCameras(
  api: Api,
  meeting: MeetingInfo,
  names: readonly string[],
): Promise<ChildProcess> {
  const build = ["build", "--release", "--locked", "--quiet", "-p", "sfu-load"];
  if (spawnSync("cargo", build, { cwd: ROOT, stdio: "inherit" }).status !== 0) {
    throw new Error("the load generator cannot be built");
  }
  const before = (await api.roster(meeting)).length;
  const streams = await Promise.all(
    names.map(async (name) => {
      const { ticket, participant_id: id } = await api.entry(meeting, name);
      return `${api.url}/whip/${meeting.id} ${api.url}/whep/${meeting.id}/${id} ${ticket}`;
    }),
  );
  const many = ["--publishers", String(names.length), "--watchers", "1"];
  const style = [...RATE, "--seconds", String(SECONDS), "--quiet"];
  const cameras = spawn(PROGRAM, ["webinar", ...many, ...style, "--streams", "-"], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  cameras.stderr.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  cameras.stdin.end(streams.join("\n"));
  await until("the cameras are in the meeting", PATIENCE_MS, async () => {
    if (cameras.exitCode !== null) throw new Error(`the cameras ended: ${said}`);
    const there = (await api.roster(meeting)).length - before;
    return there === names.length ? undefined : `${there} of ${names.length}`;
  });
  return cameras;
}
