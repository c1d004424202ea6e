/** Whose picture is large: who has spoken for a second, so that a cough changes nothing. */
import type { Clock } from "./clock.ts";

/** Shorter is speech of one word and noise; longer feels late. */
const HOLD_MS = 1000;

export class ActiveSpeaker {
  readonly #clock: Clock;
  readonly #onChange: (participant: string) => void;
  #active: string | null = null;
  #candidate: string | null = null;
  #cancel: () => void = () => {};

  constructor(clock: Clock, onChange: (participant: string) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** The dominant speaker now, oneself left out; nobody keeps the last. */
  hear(dominant: string | null): void {
    if (dominant === this.#candidate) return;
    this.#candidate = dominant;
    this.#cancel();
    if (dominant === null || dominant === this.#active) return;
    // The first voice of a meeting need not wait: there is nothing to change from.
    if (this.#active === null) this.#become(dominant);
    else this.#cancel = this.#clock.after(HOLD_MS, () => this.#become(dominant));
  }

  /** Somebody left: they are no longer large. */
  forget(participant: string): void {
    if (this.#active === participant) this.#active = null;
    if (this.#candidate !== participant) return;
    this.#candidate = null;
    this.#cancel();
  }

  #become(participant: string): void {
    this.#active = participant;
    this.#onChange(participant);
  }
}
