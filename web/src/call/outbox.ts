/** Chat lines on their way: sent again after a break, never twice (the key), and shown as unsent when refused. */

export interface OutgoingLine {
  /** Chosen here; the server knows a line by it. */
  readonly key: string;
  readonly text: string;
  readonly to: string | null;
  /** Why the server refused it. */
  readonly refused: string | null;
}

export class Outbox {
  readonly #send: (line: OutgoingLine) => Promise<unknown>;
  readonly #onChange: (lines: readonly OutgoingLine[]) => void;
  #lines: readonly OutgoingLine[] = [];

  constructor(
    send: (line: OutgoingLine) => Promise<unknown>,
    onChange: (lines: readonly OutgoingLine[]) => void,
  ) {
    this.#send = send;
    this.#onChange = onChange;
  }

  add(text: string, to: string | null): void {
    const line = { key: crypto.randomUUID(), text, to, refused: null };
    this.#set([...this.#lines, line]);
    void this.#try(line);
  }

  /** Signalling is back: what was not acknowledged goes again. */
  resend(): void {
    for (const line of this.#lines) if (line.refused === null) void this.#try(line);
  }

  /** The line is in the meeting's chat: it need not be kept here. */
  arrived(key: string): void {
    this.#drop(key);
  }

  async #try(line: OutgoingLine): Promise<void> {
    try {
      await this.#send(line);
      this.#drop(line.key);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "failed";
      if (code === "disconnected") return;
      this.#set(this.#lines.map((other) => (other.key === line.key ? { ...line, refused: code } : other)));
    }
  }

  #drop(key: string): void {
    if (this.#lines.some((line) => line.key === key))
      this.#set(this.#lines.filter((line) => line.key !== key));
  }

  #set(lines: readonly OutgoingLine[]): void {
    this.#lines = lines;
    this.#onChange(lines);
  }
}
