/** Runs the real server with the native engine, as a process of its own that can be killed and come back. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { PATIENCE_MS } from "./patience";
import { freePort } from "./ports";
import type { Endpoint } from "./relay";
import { until } from "./wait";

const ROOT = new URL("../../..", import.meta.url).pathname;
const INSTALLED = `${ROOT}.venv/bin/meetinghouse`;
const LOOPBACK = "127.0.0.1";
/** The last line of what the server says when it has started. */
const READY = /meeting create --server/;

export interface ServerOptions {
  readonly directory: string;
  /** Where media is served; loopback unless told. */
  readonly mediaHost?: string;
  /** So many share the media, on whatever ports are free; one, on a port that stays, unless told. */
  readonly workers?: number;
  readonly environment?: Record<string, string>;
}

export class Server {
  readonly http: Endpoint;
  readonly media: Endpoint;
  readonly #options: ServerOptions;
  #process: ChildProcess | undefined;
  #log = "";

  private constructor(options: ServerOptions, http: Endpoint, media: Endpoint) {
    this.#options = options;
    this.http = http;
    this.media = media;
  }

  /** Ports are chosen here, not by the server, so that a restart has the same ones. */
  static async start(options: ServerOptions): Promise<Server> {
    const server = new Server(
      options,
      await freePort(LOOPBACK),
      options.workers === undefined
        ? await freePort(options.mediaHost ?? LOOPBACK)
        : { host: options.mediaHost ?? LOOPBACK, port: 0 },
    );
    await server.restart();
    return server;
  }

  /** Everything it has written, of all its lives. */
  get log(): string {
    return this.#log;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Takes it away without a word, as a power cut does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Lets it stand still for so long, as a machine does whose disk or hypervisor keeps it waiting. */
  async stall(ms: number): Promise<void> {
    this.#process?.kill("SIGSTOP");
    await delay(ms);
    this.#process?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Brings it back on the ports and data it had; resolves when it is ready. */
  async restart(): Promise<void> {
    const { directory, environment, workers = 1 } = this.#options;
    const readyFile = `${directory}/ready.json`;
    await rm(readyFile, { force: true });
    const [program, ...first] = existsSync(INSTALLED)
      ? [INSTALLED]
      : [`${ROOT}.venv/bin/python`, "-m", "meetinghouse"];
    const child = spawn(
      program as string,
      [
        ...[...first, "serve", "--listen", text(this.http), "--media", text(this.media)],
        ...["--data", `${directory}/data`, "--ready-file", readyFile],
      ],
      {
        cwd: directory,
        env: {
          ...process.env,
          PYTHONPATH: `${ROOT}src`,
          PYTHONUNBUFFERED: "1",
          // One port was chosen, so one worker.
          MEETINGHOUSE_MEDIA__WORKERS: String(workers),
          ...(workers > 1 && { MEETINGHOUSE_MEDIA__SPREAD_PEERS: "1" }),
          ...environment,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.#process = child;
    // Whatever becomes of the journey, nothing of it stays behind.
    const end = (): boolean => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("exit", () => process.off("exit", end));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Buffer) => {
        this.#log += bytes.toString();
      });
    }
    try {
      await until("the server is ready", PATIENCE_MS, async () => {
        if (child.exitCode !== null) {
          throw new Error(`the server ended with ${child.exitCode}:\n${this.#log}`);
        }
        // The file says that the server answers; its words come by a pipe and may come later.
        return existsSync(readyFile) && READY.test(this.#log) ? undefined : this.#log;
      });
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

function text({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
