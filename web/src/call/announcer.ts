/**
 * Keeps the server's word and ours on what is switched on together.
 *
 * We tell it what is on; it may switch things off (a host mutes, a share is taken over), and we follow. Nothing is ever switched
 * on from outside. What the server says while our own word is on its way is older than our word, and does not count.
 */
import type { Participant, Source } from "../api/signalling.ts";
import type { Local } from "./local.ts";
import { SignallingError } from "./signalling.ts";
import { isOn } from "./state.ts";
import type { Notice } from "./view.ts";

export interface AnnouncerOptions {
  readonly local: Local;
  /** Sends the list; rejects with `SignallingError`. */
  readonly send: (sources: readonly Source[]) => Promise<unknown>;
  readonly onNotice: (notice: Notice) => void;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  /** The sources that the server has last accepted. */
  #accepted: readonly Source[] = [];
  #underWay = 0;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Has something been switched that the server does not know of? */
  get isBehind(): boolean {
    return this.#accepted.join() !== this.#options.local.sources.join();
  }

  async announce(): Promise<void> {
    const { sources } = this.#options.local;
    this.#underWay += 1;
    try {
      await this.#options.send(sources);
      this.#accepted = sources;
    } catch (error) {
      this.#yield(error instanceof SignallingError ? error.code : "failed", sources);
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Follows what the server says of us. */
  obey(self: Participant): void {
    if (this.#underWay > 0) return;
    const { local, onNotice } = this.#options;
    const taken = this.#accepted.filter((source) => local.sources.includes(source) && !isOn(self, source));
    this.#accepted = this.#accepted.filter((source) => isOn(self, source));
    if (taken.includes("microphone")) {
      local.setMicrophone(false);
      onNotice({ type: "muted_by_host" });
    }
    if (taken.includes("screen")) {
      local.setScreen(false);
      onNotice({ type: "share_ended" });
    }
    if (taken.includes("camera")) local.setCamera(false);
  }

  /** The list was refused as a whole: the share goes first, since it is what most refusals are about. */
  #yield(code: string, sources: readonly Source[]): void {
    // The next welcome tells it again.
    if (code === "disconnected") return;
    const { local, onNotice } = this.#options;
    onNotice({ type: "refused", code });
    if (sources.includes("screen")) {
      local.setScreen(false);
      return;
    }
    local.setMicrophone(false);
    local.setCamera(false);
  }
}
