/**
 * The one peer connection to the engine, kept alive.
 *
 *     idle → connecting → connected ⇄ interrupted → (ICE restart, then a fresh connection)
 *
 * A fresh connection repeats the same offer and puts the same local tracks on it, so that nobody above notices more than a
 * pause. Nothing is done while signalling is away: `ensure` is called at its return.
 */
import type { Source } from "../api/signalling.ts";
import type { Clock } from "./clock.ts";
import { markJoin } from "./marks.ts";
import { addLines, type Lines, SOURCES } from "./offer.ts";
import { publish } from "./publish.ts";
import { SignallingError } from "./signalling.ts";
import { withStereo } from "./stereo.ts";

/** A pause shorter than this often heals by itself (a change of access point); longer is heard. */
const DISCONNECTED_MS = 2000;
/** How long a restart may take before everything is made anew. */
const RESTART_MS = 5000;
/** Wait before another fresh connection after one that the server refused or that did not come up. */
const AGAIN_MS = [500, 1000, 2000, 5000] as const;
/** How long a fresh connection may take. */
const CONNECT_MS = 10_000;
/**
 * How long after the answer direct ways may take before a relay is tried too. Three round trips make a connection; sooner would
 * cost the relay a handshake for everybody on a slow path, later is waited for by whoever has no other way.
 */
const DIRECT_MS = 2000;

export type MediaState = "idle" | "connecting" | "connected" | "interrupted";

export interface MediaOptions {
  readonly clock: Clock;
  readonly createPeer: (iceServers: RTCIceServer[]) => RTCPeerConnection;
  readonly capabilities: (kind: "audio" | "video") => readonly RTCRtpCodec[];
  readonly videoSlots: number;
  /** Sends the offer and resolves with the answer. */
  readonly exchange: (sdp: string, fresh: boolean) => Promise<string>;
  /** The slots of a new connection; they replace those of the last. */
  readonly onLines: (lines: Lines) => void;
  readonly onState: (state: MediaState) => void;
}

export class Media {
  readonly #options: MediaOptions;
  readonly #tracks = new Map<Source, MediaStreamTrack>();
  /** Which layers of this connection are watched; all, until somebody says. */
  readonly #layers = new Map<Source, readonly string[]>();
  #peer: RTCPeerConnection | undefined;
  #lines: Lines | undefined;
  #state: MediaState = "idle";
  #failures = 0;
  /** A relay, for where nothing else gets through. */
  #relays: RTCIceServer[] = [];
  /** The connection at hand may use it. */
  #relayed = false;
  /** An offer is under way. */
  #asking = false;
  #cancelTimer: () => void = () => {};
  /** The first connection with its offer made, before anybody has clicked. */
  #prepared: Promise<void> | undefined;

  constructor(options: MediaOptions) {
    this.#options = options;
  }

  get state(): MediaState {
    return this.#state;
  }

  /** Makes the connection and its offer ahead of the click on *Join*. */
  prepare(): void {
    if (this.#peer !== undefined) return;
    const peer = this.#create();
    this.#prepared = setOffer(peer).catch(() => {});
  }

  /** Signalling is (again) there: sees to it that media flows. */
  ensure(kept: boolean): void {
    const peer = this.#peer;
    if (peer === undefined || !kept || peer.connectionState === "closed" || peer.remoteDescription === null) {
      void this.#connect();
      return;
    }
    if (this.#state !== "connected") void this.#restart(peer);
  }

  /** The engine has given the connection up. */
  renew(): void {
    void this.#connect();
  }

  /** A relay that the next attempts may use, with fresh credentials. */
  setRelay(server: RTCIceServer): void {
    this.#relays = [server];
  }

  /** Publishes `track` as `source`, or nothing. */
  async setTrack(source: Source, track: MediaStreamTrack | null): Promise<void> {
    if (track === null) this.#tracks.delete(source);
    else this.#tracks.set(source, track);
    const sender = this.#lines?.senders[source].sender;
    if (sender !== undefined) await publish(sender, source, track, this.#layers.get(source));
  }

  /** Only these layers of a source are watched. */
  async setLayers(source: Source, layers: readonly string[]): Promise<void> {
    this.#layers.set(source, layers);
    const track = this.#tracks.get(source);
    if (track !== undefined) await this.setTrack(source, track);
  }

  async statistics(): Promise<RTCStatsReport | undefined> {
    return this.#state === "idle" ? undefined : this.#peer?.getStats();
  }

  close(): void {
    this.#drop();
    this.#setState("idle");
  }

  #create(): RTCPeerConnection {
    // Who had to take the relay once will have to again.
    const peer = this.#options.createPeer(this.#relayed ? this.#relays : []);
    this.#peer = peer;
    this.#layers.clear();
    this.#lines = addLines(peer, this.#options.videoSlots, this.#options.capabilities);
    peer.oniceconnectionstatechange = () => {
      if (peer.iceConnectionState === "connected" || peer.iceConnectionState === "completed") markJoin("ice");
      if (this.#peer === peer) this.#follow(peer);
    };
    peer.onconnectionstatechange = () => {
      if (this.#peer === peer) this.#follow(peer);
    };
    return peer;
  }

  async #connect(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared === undefined) this.#drop();
    const peer = this.#peer ?? this.#create();
    this.#setState(
      this.#state === "connected" || this.#state === "interrupted" ? "interrupted" : "connecting",
    );
    this.#limit(CONNECT_MS, () => this.#again());
    await prepared;
    await this.#publishAll();
    await this.#negotiate(peer, true);
  }

  async #restart(peer: RTCPeerConnection): Promise<void> {
    if (this.#asking) return;
    this.#limit(RESTART_MS, () => void this.#connect());
    // An offer whose answer was lost with the connection is still good: it is sent again.
    if (peer.signalingState === "stable") {
      this.#takeRelay(peer);
      peer.restartIce();
    }
    await this.#negotiate(peer, false);
  }

  /** Nothing direct got through so far. */
  async #relay(peer: RTCPeerConnection): Promise<void> {
    this.#limit(CONNECT_MS, () => this.#again());
    this.#takeRelay(peer);
    peer.restartIce();
    await this.#negotiate(peer, false);
  }

  #takeRelay(peer: RTCPeerConnection): void {
    if (this.#relays.length === 0) return;
    this.#relayed = true;
    peer.setConfiguration({ ...peer.getConfiguration(), iceServers: this.#relays });
  }

  async #negotiate(peer: RTCPeerConnection, fresh: boolean): Promise<void> {
    try {
      if (peer.signalingState === "stable") await setOffer(peer);
      const sdp = peer.localDescription?.sdp ?? "";
      markJoin("offer");
      const answer = await this.#ask(sdp, fresh);
      if (this.#peer !== peer) return;
      markJoin("answer");
      await peer.setRemoteDescription({ type: "answer", sdp: answer });
      if (this.#peer !== peer || !fresh) return;
      if (this.#lines !== undefined) this.#options.onLines(this.#lines);
      if (this.#relays.length > 0 && !this.#relayed && peer.connectionState !== "connected")
        this.#limit(DIRECT_MS, () => void this.#relay(peer));
    } catch (error) {
      if (this.#peer !== peer) return;
      // Without signalling there is nobody to ask; its return calls `ensure`.
      if (error instanceof SignallingError && error.code === "disconnected") this.#cancelTimer();
      else this.#again();
    }
  }

  async #ask(sdp: string, fresh: boolean): Promise<string> {
    this.#asking = true;
    try {
      return await this.#options.exchange(sdp, fresh);
    } finally {
      this.#asking = false;
    }
  }

  #again(): void {
    const wait = AGAIN_MS[Math.min(this.#failures, AGAIN_MS.length - 1)] ?? 0;
    this.#failures += 1;
    this.#limit(wait, () => void this.#connect());
  }

  #follow(peer: RTCPeerConnection): void {
    switch (peer.connectionState) {
      case "connected":
        markJoin("dtls");
        this.#failures = 0;
        this.#cancelTimer();
        this.#setState("connected");
        return;
      case "disconnected":
        if (this.#state !== "connected") return;
        this.#setState("interrupted");
        this.#limit(DISCONNECTED_MS, () => void this.#restart(peer));
        return;
      case "failed":
        this.#setState("interrupted");
        this.#limit(
          0,
          () => void (peer.iceConnectionState === "failed" ? this.#restart(peer) : this.#connect()),
        );
        return;
      default:
    }
  }

  async #publishAll(): Promise<void> {
    const lines = this.#lines;
    if (lines === undefined) return;
    await Promise.all(
      SOURCES.map((source) =>
        publish(
          lines.senders[source].sender,
          source,
          this.#tracks.get(source) ?? null,
          this.#layers.get(source),
        ),
      ),
    );
  }

  /** One thing is awaited at a time; the next replaces it. */
  #limit(delayMs: number, run: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(delayMs, run);
  }

  #setState(state: MediaState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(state);
  }

  #drop(): void {
    this.#cancelTimer();
    this.#prepared = undefined;
    const peer = this.#peer;
    this.#peer = undefined;
    this.#lines = undefined;
    if (peer === undefined) return;
    peer.onconnectionstatechange = peer.oniceconnectionstatechange = null;
    peer.close();
  }
}

async function setOffer(peer: RTCPeerConnection): Promise<void> {
  const { type, sdp } = await peer.createOffer();
  await peer.setLocalDescription({ type, sdp: withStereo(sdp ?? "") });
}
