/**
 * A call: one person in one meeting, from the device check to the end.
 *
 *     signalling ──► state ──────────────► view (React reads it)
 *         ▲  └─────► slots ──► stage, sound, sync
 *         │
 *     media ◄── local (microphone, camera, screen) ◄── devices
 *
 * Everything it stands on is handed in (`CallParts`), so that tests drive it with a clock, sockets and connections of their own.
 */
import type {
  ChangeMeeting,
  React as ReactMessage,
  Role,
  Sequenced,
  ServerMessage,
  State,
  Tile,
  Welcome,
} from "../api/signalling.ts";
import { Announcer } from "./announcer.ts";
import { PAGE_SIZE } from "./arrange.ts";
import { type Clock, every } from "./clock.ts";
import { Delays } from "./delays.ts";
import type { Devices } from "./devices.ts";
import { Emitter } from "./emitter.ts";
import type { RememberedSession } from "./entry.ts";
import { happening } from "./happenings.ts";
import { Local } from "./local.ts";
import { markJoin, skipJoin } from "./marks.ts";
import { Media } from "./media.ts";
import type { Lines } from "./offer.ts";
import { bringSpeaker, keepOrder } from "./order.ts";
import { Outbox } from "./outbox.ts";
import { QualityReporter } from "./quality.ts";
import { type RequestBody, Signalling, SignallingError, type Socket } from "./signalling.ts";
import type { Sound } from "./sound.ts";
import { ActiveSpeaker } from "./speaker.ts";
import { pictureKey, type Stage } from "./stage.ts";
import { apply, fromSnapshot, isOn, isSequenced, mayHost, me, type Versioned } from "./state.ts";
import { limit, Statistics } from "./stats.ts";
import { Sync } from "./sync.ts";
import { type CallView, type Ending, NEW_CALL, type Notice, type StatisticsView } from "./view.ts";
import { Viewport } from "./viewport.ts";

/** How long a reaction is seen. */
const REACTION_MS = 5000;
const STATISTICS_MS = 1000;
/** Samples kept for the plots: two minutes. */
const SAMPLES_KEPT = 120;
/** How long leaving waits for the server to hear of it. */
const GOODBYE_MS = 1000;

export interface CallParts {
  readonly clock: Clock;
  readonly openSocket: (protocol: string) => Socket;
  readonly createPeer: (iceServers: RTCIceServer[]) => RTCPeerConnection;
  readonly capabilities: (kind: "audio" | "video") => readonly RTCRtpCodec[];
  readonly videoSlots: number;
  readonly devices: Devices;
  readonly stage: Stage;
  /** Gets told whether the browser holds sound back. */
  readonly createSound: (onBlocked: (blocked: boolean) => void) => Sound;
  /** Keeps the way back for a reload; null forgets it. */
  readonly remember: (session: RememberedSession | null) => void;
}

export class Call {
  readonly devices: Devices;
  readonly stage: Stage;
  readonly local: Local;
  readonly #parts: CallParts;
  readonly #changes = new Emitter<void>();
  readonly #notices = new Emitter<Notice>();
  readonly #statisticsChanges = new Emitter<void>();
  readonly #media: Media;
  readonly #sound: Sound;
  readonly #speaker: ActiveSpeaker;
  readonly #viewport: Viewport;
  readonly #outbox: Outbox;
  readonly #announcer: Announcer;
  readonly #statistics = new Statistics();
  readonly #quality = new QualityReporter();
  readonly #delays = new Delays();
  readonly #sync = new Sync();
  #signalling: Signalling | undefined;
  #view: CallView = NEW_CALL;
  #numbers: StatisticsView = { samples: [], skews: [], limit: "offline" };
  #versioned: Versioned | undefined;
  #reactionKey = 0;
  #pageSize: number = PAGE_SIZE.desktop;
  readonly #lastSpoke = new Map<string, number>();
  #resume = "";
  #cancelStatistics: () => void = () => {};
  #joining: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.devices = parts.devices;
    this.stage = parts.stage;
    this.#sound = parts.createSound((soundBlocked) => this.#set({ soundBlocked }));
    this.#speaker = new ActiveSpeaker(parts.clock, (active) => this.#set({ active }));
    this.#viewport = new Viewport(parts.clock, (tiles) => this.#try({ type: "set_view", tiles }));
    this.#outbox = new Outbox(
      ({ key, text, to }) => this.request({ type: "send_chat", key, text, ...(to !== null && { to }) }),
      (outbox) => this.#set({ outbox }),
    );
    this.#media = new Media({
      clock: parts.clock,
      createPeer: parts.createPeer,
      capabilities: parts.capabilities,
      videoSlots: parts.videoSlots,
      exchange: (sdp, fresh) => this.#exchange(sdp, fresh),
      onLines: (lines) => this.#adoptLines(lines),
      onState: (media) => this.#set({ media }),
    });
    this.local = new Local({
      devices: parts.devices,
      onTrack: (source, track) => {
        void this.#media.setTrack(source, track);
        const you = this.#view.meeting?.you;
        if (you !== undefined && (source === "camera" || source === "screen"))
          this.stage.setLocal(pictureKey(you, source), track);
      },
      onSources: () => void this.#announce(),
      onNotice: (notice) => this.#notices.emit(notice),
    });
    this.#announcer = new Announcer({
      local: this.local,
      send: (sources) => this.request({ type: "set_sources", sources }),
      onNotice: (notice) => this.#notices.emit(notice),
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#changes.listen(listener);
  readonly getSnapshot = (): CallView => this.#view;
  readonly subscribeStatistics = (listener: () => void): (() => void) =>
    this.#statisticsChanges.listen(listener);
  readonly getStatistics = (): StatisticsView => this.#numbers;
  readonly onNotice = (listener: (notice: Notice) => void): (() => void) => this.#notices.listen(listener);

  /** Makes the connection's offer while the person still looks at their own picture. */
  prepare(): void {
    this.#media.prepare();
  }

  /**
   * Joins with the ticket that `ask` gets. The socket is opened meanwhile. Resolves when the server has welcomed us, into the
   * lobby or the meeting; rejects with what `ask` rejected with, or `SignallingError`.
   */
  async join(ask: () => Promise<string>): Promise<void> {
    markJoin("click");
    this.#set({ phase: "joining", ending: null });
    const welcomed = this.#connect({});
    try {
      const ticket = await ask();
      markJoin("api");
      this.#signalling?.authenticate(ticket);
    } catch (error) {
      this.#disconnect();
      this.#set({ phase: "idle" });
      throw error;
    }
    return welcomed;
  }

  /** Comes back into the meeting that this tab was in. */
  comeBack(session: RememberedSession): Promise<void> {
    markJoin("click");
    this.#resume = session.resume;
    this.#set({ phase: "joining", ending: null });
    return this.#connect({ resume: session.resume });
  }

  /** Sends a request; rejects with `SignallingError`. */
  request(body: RequestBody): Promise<ServerMessage> {
    return this.#signalling?.request(body) ?? Promise.reject(new SignallingError("disconnected"));
  }

  /** Sends a request whose refusal is said as a notice. */
  act(body: RequestBody): void {
    this.request(body).catch((error: unknown) => {
      this.#notices.emit({ type: "refused", code: error instanceof SignallingError ? error.code : "failed" });
    });
  }

  say(text: string, to: string | null): void {
    this.#outbox.add(text, to);
  }

  react(reaction: ReactMessage["reaction"]): void {
    this.act({ type: "react", reaction });
  }

  change(change: Omit<ChangeMeeting, "type" | "id">): void {
    this.act({ type: "change_meeting", ...change });
  }

  /** What the layout shows, in device pixels, and how many tiles its first page holds. */
  show(tiles: readonly Tile[], pageSize: number): void {
    this.#pageSize = pageSize;
    this.#viewport.set(tiles);
  }

  /** Starts sound that the browser held back; call it from a click. */
  playSound(): void {
    void this.#sound.play();
  }

  async chooseSpeaker(deviceId: string): Promise<void> {
    this.devices.prefer({ speakerId: deviceId });
    await this.#sound.setSpeaker(deviceId);
  }

  /** The network or the page is back. */
  hurry(): void {
    this.#signalling?.hurry();
    this.local.revive();
  }

  /** Leaves; a host may hand the meeting to somebody before. */
  async leave(successor: string | null = null): Promise<void> {
    const goodbye = (async () => {
      if (successor !== null)
        await this.request({ type: "set_role", participant: successor, role: "host" satisfies Role });
      await this.request({ type: "leave" });
    })().catch(() => {});
    await Promise.race([
      goodbye,
      new Promise<void>((resolve) => this.#parts.clock.after(GOODBYE_MS, resolve)),
    ]);
    this.#end({ reason: "left" });
  }

  endForAll(): void {
    this.act({ type: "end_meeting" });
  }

  /** The way in was refused where there is no form to say so. */
  readonly giveUp = (error: unknown): void => {
    this.#end({ refused: error instanceof SignallingError ? error.code : "failed" });
  };

  /** Closes what is open without a word: the page goes, or nobody joined. */
  close(): void {
    this.#disconnect();
    this.#media.close();
    this.#sound.clear();
    this.local.close();
  }

  #connect(credentials: { ticket?: string; resume?: string }): Promise<void> {
    this.#signalling = new Signalling({
      clock: this.#parts.clock,
      openSocket: this.#parts.openSocket,
      credentials,
      lastSequence: () => this.#versioned?.sequence,
      onWelcome: (welcome) => this.#welcomed(welcome),
      onMessage: (message) => this.#receive(message),
      onLost: () => this.#set({ connected: false, speakers: [] }),
      onRefused: (code) => {
        const joining = this.#joining;
        if (joining === undefined) return this.#end({ refused: code });
        this.#joining = undefined;
        this.#disconnect();
        this.#set({ phase: "idle" });
        joining.reject(new SignallingError(code));
      },
    });
    const welcomed = new Promise<void>((resolve, reject) => {
      this.#joining = { resolve, reject };
    });
    this.#signalling.connect();
    return welcomed;
  }

  #welcomed(welcome: Welcome): void {
    markJoin("signalling");
    this.#resume = welcome.resume;
    this.#set({
      connected: true,
      title: welcome.title,
      phase: welcome.state === "lobby" ? "lobby" : "joined",
    });
    this.#rememberSession();
    this.#joining?.resolve();
    this.#joining = undefined;
    if (welcome.state === "lobby") return;
    this.#enter(welcome.media_kept);
    this.#outbox.resend();
  }

  /** We are in: media first, since it takes longest. */
  #enter(mediaKept: boolean): void {
    this.#media.ensure(mediaKept);
    // What the person switched while signalling was away is told now; otherwise the server's view of us holds.
    if (!mediaKept || this.#announcer.isBehind) void this.#announce();
    this.#viewport.repeat();
    if (this.#numbers.samples.length > 0) return;
    this.#cancelStatistics();
    this.#cancelStatistics = every(this.#parts.clock, STATISTICS_MS, () => void this.#measure());
  }

  #receive(message: ServerMessage): void {
    if (isSequenced(message)) {
      if (this.#versioned !== undefined) this.#adopt(apply(this.#versioned, message), message);
      return;
    }
    switch (message.type) {
      case "snapshot":
        this.#adoptSnapshot(fromSnapshot(message));
        return;
      case "slots":
        this.stage.setSlots(message.slots);
        this.#set({ slots: message.slots });
        return;
      case "layers":
        void this.#media.setLayers(message.source, message.layers);
        return;
      case "ice_servers":
        this.#media.setRelay({
          urls: [...message.urls],
          username: message.username,
          credential: message.credential,
        });
        return;
      case "speakers":
        this.#hear(message.participants);
        return;
      case "reacted":
        this.#showReaction(message.participant, message.reaction);
        return;
      case "asked_to_unmute":
        this.#notices.emit({ type: "asked_to_unmute", by: this.#nameOf(message.by) });
        return;
      case "media_lost":
        this.#media.renew();
        return;
      case "closed":
        this.#end({ reason: message.reason });
        return;
      default:
    }
  }

  #adoptSnapshot(versioned: Versioned): void {
    const first = this.#versioned === undefined;
    const admitted = this.#view.phase === "lobby";
    this.#adopt(versioned, null);
    const { state } = versioned;
    for (const source of ["camera", "screen"] as const) {
      this.stage.setLocal(pictureKey(state.you, source), this.local.getSnapshot()[source].track);
    }
    if (first && !state.participants.some((other) => other.id !== state.you && isOn(other, "camera")))
      skipJoin("first-frame");
    if (first && state.meeting.mute_on_entry && !mayHost(state)) this.local.setMicrophone(false);
    if (admitted) {
      this.#set({ phase: "joined" });
      this.#enter(false);
    }
  }

  #adopt(versioned: Versioned, event: Sequenced | null): void {
    const before = this.#versioned?.state;
    this.#versioned = versioned;
    const { you, meeting, participants } = versioned.state;
    const present = [you, ...participants.flatMap(({ id }) => (id === you ? [] : [id]))];
    this.#set({
      meeting: versioned.state,
      title: meeting.title,
      order: keepOrder(this.#view.order, present),
    });
    if (before === undefined) return;
    const self = me(versioned.state);
    if (event !== null) this.#tell(before, event);
    // A new role may come with a new view of the meeting: hosts see its lobby.
    else if (self !== undefined)
      this.#tell(before, { type: "participant", sequence: versioned.sequence, participant: self });
    // Only what the server says of us ourselves: another's event may be older than our last word.
    if (self !== undefined && (event === null || isOf(event, self.id))) this.#announcer.obey(self);
  }

  #tell(before: State, event: Sequenced): void {
    const notice = happening(before, event);
    if (notice !== null) this.#notices.emit(notice);
    if (event.type === "message") this.#outbox.arrived(event.message.key);
    if (event.type === "participant_gone") {
      this.#speaker.forget(event.participant);
      if (this.#view.active === event.participant) this.#set({ active: null });
    }
  }

  /** Tells the server which sources are on. */
  async #announce(): Promise<void> {
    this.#rememberSession();
    if (this.#view.phase === "joined" && this.#view.connected) await this.#announcer.announce();
  }

  async #exchange(sdp: string, fresh: boolean): Promise<string> {
    const answer = await this.request({ type: "offer", sdp, fresh });
    if (answer.type !== "answer") throw new SignallingError("no_answer");
    // The slots of the last connection say nothing of the new one's; its own come right behind its answer.
    if (fresh) this.#set({ slots: [] });
    return answer.sdp;
  }

  #adoptLines(lines: Lines): void {
    this.stage.setLines(lines);
    this.#sound.setLines(lines);
    void this.#sound.setSpeaker(this.devices.preferences.speakerId);
    this.#sync.setReceivers(
      [...lines.audio, ...lines.video].flatMap((line) => {
        const { mid, receiver } = line;
        return mid === null
          ? []
          : [{ mid, setDelay: (targetMs: number | null) => setDelay(receiver, targetMs) }];
      }),
    );
    this.stage.setSlots(this.#view.slots);
  }

  #hear(speakers: readonly string[]): void {
    const you = this.#view.meeting?.you ?? "";
    for (const participant of speakers) this.#lastSpoke.set(participant, this.#parts.clock.now());
    const order = speakers.reduce(
      (seats, speaker) => bringSpeaker(seats, speaker, this.#pageSize, this.#lastSpoke, new Set([you])),
      this.#view.order,
    );
    this.#set({ speakers, order });
    this.#speaker.hear(speakers.find((participant) => participant !== you) ?? null);
  }

  #showReaction(participant: string, reaction: string): void {
    const key = this.#reactionKey++;
    this.#set({ reactions: [...this.#view.reactions, { key, participant, reaction }] });
    this.#parts.clock.after(REACTION_MS, () => {
      this.#set({ reactions: this.#view.reactions.filter((other) => other.key !== key) });
    });
  }

  async #measure(): Promise<void> {
    const report = await this.#media.statistics();
    if (report === undefined) return;
    const sample = this.#statistics.sample(report, this.#parts.clock.now());
    const seen = this.#quality.add(sample);
    if (seen !== null) this.#try(seen);
    this.#numbers = {
      samples: [...this.#numbers.samples, sample].slice(-SAMPLES_KEPT),
      skews: this.#sync.step(this.#view.slots, this.#delays.read(report)),
      limit: limit(
        sample,
        this.#view.connected && this.#view.media === "connected",
        this.#view.slots.some((slot) => slot.paused),
      ),
    };
    this.#statisticsChanges.emit();
  }

  #nameOf(participant: string): string {
    return this.#view.meeting?.participants.find((other) => other.id === participant)?.name ?? "";
  }

  #try(body: RequestBody): void {
    // What is lost here is repeated after the next welcome.
    this.request(body).catch(() => {});
  }

  #rememberSession(): void {
    if (this.#resume === "" || this.#view.phase === "over") return;
    const { microphone, camera } = this.local.getSnapshot();
    this.#parts.remember({ resume: this.#resume, audio: microphone.on, video: camera.on });
  }

  #end(ending: Ending): void {
    if (this.#view.phase === "over") return;
    this.#parts.remember(null);
    this.#set({ phase: "over", ending, connected: false, media: "idle" });
    this.close();
    this.#joining?.resolve();
    this.#joining = undefined;
  }

  #disconnect(): void {
    this.#cancelStatistics();
    this.#signalling?.close();
    this.#signalling = undefined;
  }

  #set(change: Partial<CallView>): void {
    this.#view = { ...this.#view, ...change };
    this.#changes.emit();
  }
}

function isOf(event: Sequenced, participant: string): boolean {
  return event.type === "participant" && event.participant.id === participant;
}

/** `jitterBufferTarget` (WebRTC Extensions §6.2); browsers without it keep their own delay. */
function setDelay(receiver: RTCRtpReceiver, targetMs: number | null): void {
  if ("jitterBufferTarget" in receiver && receiver.jitterBufferTarget !== targetMs)
    receiver.jitterBufferTarget = targetMs;
}
