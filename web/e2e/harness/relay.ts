/**
 * A network that can be cut: forwards TCP and UDP from ports of its own to a server, in user space, so that it needs no
 * privileges. While cut, datagrams vanish and streams stand still, as when a cable is pulled; nothing is reset. Media go
 * through by UDP, or by TCP alone as where a firewall lets nothing else out, or only beside HTTP.
 */

import { createSocket, type Socket as Datagrams } from "node:dgram";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

const LOOPBACK = "127.0.0.1";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What happens to datagrams on their way down. */
export interface Losses {
  /** Of all, 0…1. */
  readonly share: number;
  /** Datagrams in a row that are lost, on average; independent of each other where there is none. */
  readonly burst?: number;
  /** The way is so much longer. */
  readonly delayMs: number;
}

export class Relay {
  readonly #http: StreamRelay;
  readonly #media: StreamRelay | DatagramRelay;

  private constructor(http: StreamRelay, media: StreamRelay | DatagramRelay) {
    this.#http = http;
    this.#media = media;
  }

  /** Media by `tls` have no way but that of HTTP: their own address leads nowhere. */
  static async open(mediaBy: "udp" | "tcp" | "tls", mediaHost = LOOPBACK): Promise<Relay> {
    const media = await (mediaBy === "tcp" ? StreamRelay : DatagramRelay).open(mediaHost);
    media.isLost = mediaBy === "tls";
    return new Relay(await StreamRelay.open(LOOPBACK), media);
  }

  /** Where browsers reach the server's HTTP. */
  get http(): Endpoint {
    return this.#http.endpoint;
  }

  /** Where browsers reach the server's media. */
  get media(): Endpoint {
    return this.#media.endpoint;
  }

  /** Tells where the server is; known only once it runs. */
  lead(http: Endpoint, media: Endpoint): void {
    this.#http.target = http;
    this.#media.target = media;
  }

  cut(): void {
    this.#http.cut();
    this.#media.cut();
  }

  mend(): void {
    this.#http.mend();
    this.#media.mend();
  }

  /**
   * From now on so many bits a second go down to each client, behind a queue of a second, or only to those who send from these
   * ports; null is no limit.
   */
  narrow(bitsPerSecond: number | null, ports?: readonly number[]): void {
    if (this.#media instanceof StreamRelay) throw new Error("only datagrams go through a narrow way");
    this.#media.bitsPerSecond = (port) => (ports?.includes(port) === false ? null : bitsPerSecond);
  }

  /** From now on so many datagrams to each client are lost; null ends it. */
  lose(losses: Losses | null): void {
    if (this.#media instanceof StreamRelay) throw new Error("only datagrams are lost");
    this.#media.losses = losses;
  }

  /** Everybody's datagrams come to the server from another port, as when a NAT has forgotten them. */
  rebind(): void {
    if (this.#media instanceof StreamRelay) throw new Error("only datagrams have a port that changes");
    this.#media.rebind();
  }

  close(): void {
    this.#http.close();
    this.#media.close();
  }
}

class StreamRelay {
  isLost = false;
  target: Endpoint | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: Socket[] = [];
  #isCut = false;

  private constructor() {
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (client) =>
      this.#accept(client),
    );
  }

  static async open(host: string): Promise<StreamRelay> {
    const relay = new StreamRelay();
    await new Promise<void>((resolve) => relay.#server.listen(0, host, resolve));
    return relay;
  }

  get endpoint(): Endpoint {
    const { address: host, port } = this.#server.address() as AddressInfo;
    return { host, port };
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) {
      socket.pause();
    }
  }

  mend(): void {
    this.#isCut = false;
    for (const client of this.#waiting.splice(0)) {
      this.#lead(client);
    }
    for (const socket of this.#sockets) {
      socket.resume();
    }
  }

  close(): void {
    this.#server.close();
    for (const socket of [...this.#sockets, ...this.#waiting]) {
      socket.destroy();
    }
  }

  #accept(client: Socket): void {
    client.on("error", () => client.destroy());
    if (this.#isCut) {
      this.#waiting.push(client);
      return;
    }
    this.#lead(client);
  }

  #lead(client: Socket): void {
    if (this.target === undefined) {
      client.destroy();
      return;
    }
    const server = connect({ ...this.target, allowHalfOpen: true });
    this.#join(client, server);
    this.#join(server, client);
    client.resume();
  }

  #join(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    this.#sockets.add(from);
    from.on("data", (bytes) => {
      if (!to.write(bytes)) {
        from.pause();
        to.once("drain", () => this.#isCut || from.resume());
      }
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}

/** Whether the next datagram is lost (Gilbert and Elliott: a bad stretch loses everything). */
function turnsBad({ share, burst }: Losses, isBad: boolean): boolean {
  if (burst === undefined) return Math.random() < share;
  const leave = 1 / burst;
  return isBad ? Math.random() >= leave : Math.random() < (leave * share) / (1 - share);
}

/** What waits longer than this before a narrow way is lost. */
const QUEUE_MS = 1_000;

class DatagramRelay {
  /** Nothing gets through, whatever is mended. */
  isLost = false;
  target: Endpoint | undefined;
  bitsPerSecond: (port: number) => number | null = () => null;
  losses: Losses | null = null;
  #isCut = false;
  #isClosed = false;
  readonly #front: Datagrams = createSocket("udp4");
  /** One socket towards the server per client, so that the server tells them apart as it would without a relay. */
  readonly #backs = new Map<string, Datagrams>();

  static async open(host: string): Promise<DatagramRelay> {
    const relay = new DatagramRelay();
    relay.#front.on("message", (bytes, from) => relay.#up(bytes, from.address, from.port));
    await new Promise<void>((resolve) => relay.#front.bind(0, host, resolve));
    return relay;
  }

  get endpoint(): Endpoint {
    const { address: host, port } = this.#front.address();
    return { host, port };
  }

  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
  }

  rebind(): void {
    for (const back of this.#backs.values()) {
      back.close();
    }
    this.#backs.clear();
  }

  close(): void {
    this.#isClosed = true;
    this.#front.close();
    this.rebind();
  }

  #up(bytes: Buffer, address: string, port: number): void {
    if (this.#isCut || this.isLost || this.target === undefined) {
      return;
    }
    this.#back(address, port).send(bytes, this.target.port, this.target.host);
  }

  #back(address: string, port: number): Datagrams {
    const key = `${address}:${port}`;
    const known = this.#backs.get(key);
    if (known !== undefined) {
      return known;
    }
    const down = (bytes: Buffer): void => {
      if (!this.#isCut && !this.#isClosed) {
        this.#front.send(bytes, port, address);
      }
    };
    // When the way down to this client is free again.
    let free = 0;
    let isBad = false;
    const back = createSocket("udp4", (bytes) => {
      isBad = this.losses !== null && turnsBad(this.losses, isBad);
      if (isBad) return;
      const now = performance.now();
      const bitsPerSecond = this.bitsPerSecond(port);
      if (bitsPerSecond !== null) {
        if (free - now > QUEUE_MS) return;
        free = Math.max(free, now) + (bytes.length * 8_000) / bitsPerSecond;
      }
      const waitMs = Math.max(0, free - now) + (this.losses?.delayMs ?? 0);
      if (waitMs > 0) setTimeout(down, waitMs, bytes);
      else down(bytes);
    });
    // A server that is gone answers with ICMP; to the client that is silence.
    back.on("error", () => undefined);
    this.#backs.set(key, back);
    return back;
  }
}
