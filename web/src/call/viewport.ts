/** Tells the engine which pictures the layout shows: at once when it is quiet, else at most a few times a second. */
import type { Tile } from "../api/signalling.ts";
import type { Clock } from "./clock.ts";

/** Shorter floods the server while a window is resized; longer is seen as a picture that stays soft. */
const QUIET_MS = 150;

export class Viewport {
  readonly #clock: Clock;
  readonly #send: (tiles: readonly Tile[]) => void;
  #wanted: readonly Tile[] = [];
  #sent: string | undefined;
  #waiting = false;

  constructor(clock: Clock, send: (tiles: readonly Tile[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  set(tiles: readonly Tile[]): void {
    this.#wanted = tiles;
    if (!this.#waiting) this.#flush();
  }

  /** A new connection knows nothing of the layout. */
  repeat(): void {
    this.#sent = undefined;
    this.#flush();
  }

  #flush(): void {
    const text = JSON.stringify(this.#wanted);
    if (text === this.#sent) return;
    this.#sent = text;
    this.#send(this.#wanted);
    this.#waiting = true;
    this.#clock.after(QUIET_MS, () => {
      this.#waiting = false;
      this.#flush();
    });
  }
}
