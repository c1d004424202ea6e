/** Three soft notes, made here: no file to load. */

const NOTES_HZ = [523.25, 659.25, 783.99] as const;
const NOTE_SECONDS = 0.22;
const LOUDNESS = 0.2;

/** Plays them on a speaker ("" is the system's choice); resolves when they have sounded. */
export async function playTestSound(speakerId: string): Promise<void> {
  const context = new AudioContext();
  try {
    if (speakerId !== "" && "setSinkId" in context) {
      await (context as AudioContext & { setSinkId(id: string): Promise<void> }).setSinkId(speakerId);
    }
    await Promise.all(NOTES_HZ.map((hz, index) => playNote(context, hz, index * NOTE_SECONDS)));
  } finally {
    await context.close();
  }
}

function playNote(context: AudioContext, hz: number, afterSeconds: number): Promise<void> {
  const start = context.currentTime + afterSeconds;
  const oscillator = new OscillatorNode(context, { frequency: hz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setTargetAtTime(LOUDNESS, start, NOTE_SECONDS / 10);
  gain.gain.setTargetAtTime(0, start + NOTE_SECONDS, NOTE_SECONDS / 3);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + 3 * NOTE_SECONDS);
  return new Promise((resolve) => {
    oscillator.onended = () => resolve();
  });
}
