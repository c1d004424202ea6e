/**
 * The signalling connection: one WebSocket after another until the meeting is over.
 *
 *     connecting → hello → (welcome) open → lost → waiting → connecting …
 *                              └ closed: the server's last word, or refused credentials
 *
 * Errors: a request that the server refuses rejects with the server's code; one that was under way when the connection broke
 * rejects with `disconnected` and its caller sends it again after the next welcome if it still matters.
 */
import { type ClientMessage, PROTOCOL, type ServerMessage, type Welcome } from "../api/signalling.ts";
import type { Clock } from "./clock.ts";

/**
 * Waits before each attempt, in ms; the last repeats. The first retry is at once: most breaks are short. The longest leaves time
 * for media within the five seconds in which everybody is to be back after a restart of the server.
 */
const BACKOFF_MS = [0, 300, 1000, 2000, 3000] as const;
/** Share of a wait that is random, so that a thousand clients do not come back in the same instant. */
const JITTER = 0.3;
/** How long a connection attempt or the answer to a heartbeat may take before the connection counts as dead. */
const SILENCE_MS = 8000;
/** The same after a sign that the network has changed: the old connection is likely dead. */
const PROBE_MS = 2500;
/** How long a request may stay without its answer. */
const REQUEST_MS = 15_000;

/** Codes with which the server refuses a `hello` for good; anything else is tried again. */
const TRANSIENT_HELLO_ERRORS: ReadonlySet<string> = new Set([
  "busy",
  "starting",
  "too_many_requests",
  "internal_error",
]);

export type Request = Exclude<ClientMessage, { type: "hello" }>;
/** A request without its id, which the connection chooses. */
export type RequestBody = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

export class SignallingError extends Error {
  override readonly name = "SignallingError";
  /** Stable: the server's, or `disconnected` or `timeout`. */
  readonly code: string;

  constructor(code: string, detail = code) {
    super(detail);
    this.code = code;
  }
}

/** The part of WebSocket that is used. */
export interface Socket {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export interface SignallingOptions {
  readonly clock: Clock;
  readonly openSocket: (protocol: string) => Socket;
  /** `resume` is used when there is one. */
  readonly credentials: { ticket?: string | undefined; resume?: string | undefined };
  /** The last sequence number that the state holds, if there is a state. */
  readonly lastSequence: () => number | undefined;
  readonly onWelcome: (welcome: Welcome) => void;
  /** Everything but `welcome` and the answers to requests. */
  readonly onMessage: (message: ServerMessage) => void;
  /** The connection broke; it comes back by itself. */
  readonly onLost: () => void;
  /** The server refuses these credentials: there is no way back. */
  readonly onRefused: (code: string) => void;
}

interface Pending {
  readonly resolve: (value: ServerMessage) => void;
  readonly reject: (error: SignallingError) => void;
  readonly cancelTimer: () => void;
}

export class Signalling {
  readonly #options: SignallingOptions;
  readonly #pending = new Map<number, Pending>();
  #credentials: { ticket?: string | undefined; resume?: string | undefined };
  #socket: Socket | undefined;
  #welcomed = false;
  #attempt = 0;
  #nextId = 1;
  #heartbeatMs = 0;
  #closed = false;
  #cancelWait: () => void = () => {};
  #cancelHeartbeat: () => void = () => {};

  constructor(options: SignallingOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
  }

  get open(): boolean {
    return this.#welcomed;
  }

  /** Opens the socket; `hello` follows as soon as there are credentials, which may be later. */
  connect(): void {
    if (this.#closed || this.#socket !== undefined) return;
    this.#cancelWait();
    const socket = this.#options.openSocket(PROTOCOL);
    this.#socket = socket;
    this.#watchSilence(socket);
    socket.onopen = () => this.#hello();
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#receive(String(event.data));
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lose();
    };
  }

  /** Gives the ticket that the API handed out after the socket was opened. */
  authenticate(ticket: string): void {
    this.#credentials = { ticket };
    this.#hello();
  }

  /** Sends a request; resolves with its `ok`, `answer` or `statistics`. */
  request(body: RequestBody): Promise<ServerMessage> {
    const socket = this.#socket;
    if (socket === undefined || !this.#welcomed) return Promise.reject(new SignallingError("disconnected"));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#options.clock.after(REQUEST_MS, () => {
        this.#pending.delete(id);
        reject(new SignallingError("timeout"));
      });
      this.#pending.set(id, { resolve, reject, cancelTimer });
      socket.send(JSON.stringify({ ...body, id }));
    });
  }

  /** The network or the page is back: tries at once, and asks an open connection whether it still lives. */
  hurry(): void {
    if (this.#welcomed) {
      this.#beat(0, PROBE_MS);
      return;
    }
    if (this.#socket !== undefined) return;
    this.#attempt = 0;
    this.connect();
  }

  /** Ends for good, without a word to the server. */
  close(): void {
    this.#closed = true;
    this.#cancelWait();
    this.#drop();
  }

  #hello(): void {
    const socket = this.#socket;
    const { ticket, resume } = this.#credentials;
    if (socket === undefined || socket.readyState !== 1 || (ticket === undefined && resume === undefined))
      return;
    const lastSequence = this.#options.lastSequence();
    const hello =
      resume === undefined
        ? { type: "hello", ticket }
        : { type: "hello", resume, ...(lastSequence === undefined ? {} : { last_sequence: lastSequence }) };
    this.#watchSilence(socket);
    socket.send(JSON.stringify(hello));
  }

  #receive(data: string): void {
    const message = JSON.parse(data) as ServerMessage;
    switch (message.type) {
      case "welcome":
        this.#welcomed = true;
        this.#attempt = 0;
        this.#credentials = { resume: message.resume };
        this.#heartbeatMs = message.heartbeat_seconds * 1000;
        this.#beat(this.#heartbeatMs);
        this.#options.onWelcome(message);
        return;
      case "ok":
      case "answer":
      case "statistics":
        this.#settle(message.id)?.resolve(message);
        return;
      case "error":
        this.#fail(message.id, message.code, message.detail);
        return;
      case "closed":
        this.close();
        this.#options.onMessage(message);
        return;
      default:
        this.#options.onMessage(message);
        return;
    }
  }

  #fail(id: number | null, code: string, detail: string): void {
    if (id !== null) {
      this.#settle(id)?.reject(new SignallingError(code, detail));
      return;
    }
    if (this.#welcomed || TRANSIENT_HELLO_ERRORS.has(code)) return;
    this.close();
    this.#options.onRefused(code);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.cancelTimer();
    return pending;
  }

  /** Asks for a sign of life at each interval; a request without answer ends the connection. */
  #beat(waitMs: number, patienceMs = SILENCE_MS): void {
    this.#cancelHeartbeat();
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#cancelHeartbeat = this.#options.clock.after(waitMs, () => {
      this.#watchSilence(socket, patienceMs);
      this.request({ type: "ping" }).then(
        () => {
          if (this.#socket === socket) this.#beat(this.#heartbeatMs);
        },
        () => {},
      );
    });
  }

  #watchSilence(socket: Socket, patienceMs = SILENCE_MS): void {
    this.#cancelHeartbeat();
    this.#cancelHeartbeat = this.#options.clock.after(patienceMs, () => {
      if (this.#socket !== socket || (!this.#welcomed && this.#waitsForTicket())) return;
      this.#lose();
    });
  }

  #waitsForTicket(): boolean {
    return this.#credentials.ticket === undefined && this.#credentials.resume === undefined;
  }

  #lose(): void {
    this.#drop();
    if (this.#closed) return;
    const wait = BACKOFF_MS[Math.min(this.#attempt, BACKOFF_MS.length - 1)] ?? 0;
    this.#attempt += 1;
    const jittered = wait * (1 - JITTER * this.#options.clock.random());
    this.#cancelWait = this.#options.clock.after(jittered, () => this.connect());
    this.#options.onLost();
  }

  #drop(): void {
    this.#cancelHeartbeat();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#welcomed = false;
    if (socket !== undefined) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(new SignallingError("disconnected"));
  }
}
