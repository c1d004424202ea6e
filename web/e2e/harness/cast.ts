/**
 * The people of the journeys. Each has a camera of one colour and a voice of one pitch, so that a decoded picture or a decoded
 * sound says by itself whose it is.
 */

export interface Persona {
  readonly name: string;
  /** Hue of the camera's picture in degrees; personas are at least 40° apart, three times what VP8 blurs. */
  readonly hue: number;
  /** Pitch of the voice. No pitch is a multiple of another, so that distortion of one is not taken for another. */
  readonly toneHz: number;
  /** What the camera gives; small unless a journey is about sizes. */
  readonly camera?: Size;
  /** How far its brightness is from even, different in each picture, so that an encoder spends what it may; 0 unless given. */
  readonly grain?: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const ANA: Persona = { name: "Ana", hue: 0, toneHz: 500 };
export const BEN: Persona = { name: "Ben", hue: 120, toneHz: 1150 };
export const CHEN: Persona = { name: "Chen", hue: 240, toneHz: 1930 };

/** Six more, whom one page plays (see `synthetic.ts`). */
export const CROWD: readonly Persona[] = [
  { name: "Dora", hue: 40, toneHz: 620 },
  { name: "Emil", hue: 80, toneHz: 710 },
  { name: "Fay", hue: 160, toneHz: 830 },
  { name: "Gao", hue: 200, toneHz: 970 },
  { name: "Hana", hue: 280, toneHz: 1370 },
  { name: "Ivo", hue: 320, toneHz: 1610 },
];

/** What a shared screen shows: a colour that nobody's camera has. */
export const SCREEN_HUE = 60;

/** Who speaks; all others only breathe. Their pitches are so far apart that no syllable's edge is taken for another's voice. */
export const SPEAKERS: readonly Persona[] = [ANA, BEN, CHEN];
