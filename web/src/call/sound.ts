/** Plays the voices of the audio slots; each slot has one `<audio>` element for the life of a connection. */
import type { Lines } from "./offer.ts";

export class Sound {
  readonly #container: HTMLElement;
  readonly #onBlocked: (blocked: boolean) => void;
  #elements: HTMLAudioElement[] = [];
  #speaker = "";

  /** `onBlocked`: the browser wants a click before it plays sound (after a reload). */
  constructor(container: HTMLElement, onBlocked: (blocked: boolean) => void) {
    this.#container = container;
    this.#onBlocked = onBlocked;
  }

  setLines(lines: Lines): void {
    this.clear();
    this.#elements = lines.audio.map((line) => {
      const element = document.createElement("audio");
      element.srcObject = new MediaStream([line.receiver.track]);
      this.#container.append(element);
      return element;
    });
    void this.setSpeaker(this.#speaker);
    void this.play();
  }

  /** Starts what the browser held back; call it from a click. */
  async play(): Promise<void> {
    const results = await Promise.allSettled(this.#elements.map((element) => element.play()));
    const blocked = results.some(
      (result) => result.status === "rejected" && result.reason.name === "NotAllowedError",
    );
    this.#onBlocked(blocked);
  }

  /** Where sound comes out; "" is the system's choice. Browsers without a choice keep theirs. */
  async setSpeaker(deviceId: string): Promise<void> {
    this.#speaker = deviceId;
    await Promise.allSettled(
      this.#elements.map((element) => ("setSinkId" in element ? element.setSinkId(deviceId) : undefined)),
    );
  }

  clear(): void {
    for (const element of this.#elements) {
      element.srcObject = null;
      element.remove();
    }
    this.#elements = [];
  }
}
