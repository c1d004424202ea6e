/** Runs `capture.py` beside a journey. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";

export interface Flow {
  readonly interface: string;
  readonly protocol: string;
  readonly from: string;
  readonly to: string;
  readonly packets: number;
}

export class Capture {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(process_: ChildProcessByStdio<Writable, Readable, null>, lines: Interface) {
    this.#process = process_;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  static async begin(): Promise<Capture> {
    const script = new URL("capture.py", import.meta.url).pathname;
    const child = spawn("python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
    const capture = new Capture(child, createInterface(child.stdout));
    await capture.#lines.next();
    return capture;
  }

  /** Ends it; gives every flow that it saw. */
  async end(): Promise<readonly Flow[]> {
    this.#process.stdin.end();
    const { value } = await this.#lines.next();
    return JSON.parse(value as string) as Flow[];
  }
}
