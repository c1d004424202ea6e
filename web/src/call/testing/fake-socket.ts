import type { ClientMessage, ServerMessage } from "../../api/signalling.ts";
import type { Socket } from "../signalling.ts";

/** The server's end of one connection, in the hands of a test. */
export class FakeSocket implements Socket {
  readyState = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly received: ClientMessage[] = [];

  send(data: string): void {
    this.received.push(JSON.parse(data) as ClientMessage);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.(new Event("open"));
  }

  say(message: ServerMessage): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  /** The connection breaks without a word. */
  break(): void {
    this.readyState = 3;
    this.onclose?.(new Event("close") as CloseEvent);
  }

  last<T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }> {
    const found = this.received.findLast((message) => message.type === type);
    if (found === undefined)
      throw new Error(`no ${type} was sent, only ${this.received.map((message) => message.type)}`);
    return found as Extract<ClientMessage, { type: T }>;
  }

  has(type: ClientMessage["type"]): boolean {
    return this.received.some((message) => message.type === type);
  }
}
