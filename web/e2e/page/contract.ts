/** What the journeys may ask of a page: eyes and ears for decoded media, never the application's word for it. */

export interface Sight {
  /** The tile's accessible name. */
  readonly label: string;
  /** Hue of the middle of the picture in degrees; null when it has no colour (black, grey, white) or no picture yet. */
  readonly hue: number | null;
  /** Mean brightness of the whole picture, 0…255. */
  readonly brightness: number;
  /** Size of the decoded picture. */
  readonly width: number;
  readonly height: number;
  /** Differs between two looks when the picture moved. */
  readonly fingerprint: number;
  /** The picture covers some of the page. */
  readonly visible: boolean;
}

/** A cut of a picture. */
export interface Cut {
  /** Size of the whole picture. */
  readonly width: number;
  readonly height: number;
  /** Brightness of the cut's pixels row by row, 0…255. */
  readonly pixels: readonly number[];
}

/** Milliseconds of the page's clock at which a flash was shown and a beep was heard. */
export interface SyncMarks {
  readonly flashes: readonly number[];
  readonly beeps: readonly number[];
}

export interface Received {
  readonly connections: number;
  readonly packets: number;
  /** For how long the browser itself says that pictures stood still, of all of them. */
  readonly frozenMs: number;
}

/** What was heard and seen since the page was opened, as the browser counts it. */
export interface Playback {
  /** Samples of sound that were played, and those of them that were made up since nothing had come. */
  readonly samples: number;
  readonly concealed: number;
  /** Packets of sound that came, and bytes of their payloads. */
  readonly soundPackets: number;
  readonly soundBytes: number;
  readonly freezes: number;
  readonly frozenSeconds: number;
}

export interface FirstFrame {
  readonly label: string;
  /** Milliseconds of the page's clock. */
  readonly at: number;
}

export interface Probe {
  /** One entry per `<video>` inside a named group. */
  see(): Sight[];
  /** This part of the picture of the tile whose name contains `label`, at its own size; `null` while there is none. */
  cut(label: string, part: { x: number; y: number; width: number; height: number }): Cut | null;
  /** When each tile's video first showed a decoded picture. */
  firstFrames(): readonly FirstFrame[];
  /** Begins to listen for these pitches. */
  listen(tonesHz: readonly number[]): Promise<void>;
  /** For each pitch of `listen`, how far (dB) it stood out of its surroundings at its loudest in the last `windowMs`. */
  heard(windowMs: number): number[];
  /** Of two tones, one a side: how far each stands out of left and right, in dB (left tone left, left tone right, …). */
  sides(leftHz: number, rightHz: number, windowMs: number): Promise<number[]>;
  /** The same for a browser without a loudspeaker: records for `durationMs`, then judges. */
  hearByRecording(tonesHz: readonly number[], durationMs: number): Promise<number[]>;
  /** Elements that play sound now. */
  playing(): number;
  /** Resolves when so many flashes and beeps are noted: of the page's own devices, or of the person so named. */
  noteSync(subject: { readonly own: true } | { readonly name: string }, count: number): Promise<SyncMarks>;
  /** What came in over all peer connections of this page. */
  received(): Promise<Received>;
  /** Of all slots together. */
  playback(): Promise<Playback>;
  /** Heights of the pictures that this page sends now. */
  sentHeights(): Promise<number[]>;
  /** From which ports media go, of all connections that there are. */
  mediaPorts(): Promise<number[]>;
  /** States of all peer connections, for who looks for the cause of a failure. */
  connectionStates(): string[];
  /** What the content security policy refused. */
  violations(): readonly string[];
}

declare global {
  interface Window {
    probe: Probe;
  }
}
