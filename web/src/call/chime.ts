/** Two short sounds: somebody joined, somebody waits. Made here, so that there is no file to load. */

const NOTES_HZ = { joined: [659.25, 880], waiting: [880, 880] } as const;
const NOTE_SECONDS = 0.12;
/** Well below speech. */
const LOUDNESS = 0.06;

let context: (AudioContext & { setSinkId?: (id: string) => Promise<void> }) | undefined;

/** Plays one on a speaker ("" is the system's choice); silent where the browser still waits for a first click. */
export function playChime(chime: keyof typeof NOTES_HZ, speakerId: string): void {
  context ??= new AudioContext();
  if (context.state !== "running") return void context.resume();
  if (speakerId !== "") void context.setSinkId?.(speakerId).catch(() => {});
  for (const [index, hz] of NOTES_HZ[chime].entries())
    playNote(context, hz, context.currentTime + index * NOTE_SECONDS * 1.5);
}

function playNote(context: AudioContext, hz: number, start: number): void {
  const oscillator = new OscillatorNode(context, { frequency: hz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setTargetAtTime(LOUDNESS, start, NOTE_SECONDS / 10);
  gain.gain.setTargetAtTime(0, start + NOTE_SECONDS, NOTE_SECONDS / 3);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + 4 * NOTE_SECONDS);
}
