/**
 * What one participant knows of the meeting, kept up by events.
 *
 * Every sequenced event replaces one whole thing, so a snapshot with the later events applied equals a fresh snapshot. The server
 * keeps the same reducer; both run the same vectors (`protocol/vectors`).
 */
import type {
  ChatMessage,
  Participant,
  Sequenced,
  ServerMessage,
  Snapshot,
  State,
  Waiting,
} from "../api/signalling.ts";

/** A state and the sequence number of the last event in it. */
export interface Versioned {
  readonly sequence: number;
  readonly state: State;
}

/** Lines of chat kept, as in the server: a long meeting must not grow for ever. */
const MESSAGES_KEPT = 500;

const SEQUENCED: ReadonlySet<string> = new Set<Sequenced["type"]>([
  "participant",
  "participant_gone",
  "waiting",
  "waiting_gone",
  "meeting",
  "message",
]);

export function isSequenced(message: ServerMessage): message is Sequenced {
  return SEQUENCED.has(message.type);
}

export function fromSnapshot(snapshot: Snapshot): Versioned {
  return { sequence: snapshot.sequence, state: snapshot.state };
}

/** Applies one event; an event that the state already holds changes nothing. */
export function apply(current: Versioned, event: Sequenced): Versioned {
  if (event.sequence <= current.sequence) return current;
  return { sequence: event.sequence, state: reduce(current.state, event) };
}

function reduce(state: State, event: Sequenced): State {
  switch (event.type) {
    case "participant":
      return { ...state, participants: put(state.participants, event.participant) };
    case "participant_gone":
      return { ...state, participants: without(state.participants, event.participant) };
    case "waiting":
      return { ...state, waiting: put(state.waiting, event.waiting) };
    case "waiting_gone":
      return { ...state, waiting: without(state.waiting, event.waiting) };
    case "meeting":
      return { ...state, meeting: event.meeting };
    case "message":
      return { ...state, messages: put(state.messages, event.message).slice(-MESSAGES_KEPT) };
  }
}

/** Replaces the item of the same id in its place, or adds it at the end. */
function put<T extends Participant | Waiting | ChatMessage>(items: readonly T[], item: T): readonly T[] {
  const index = items.findIndex((other) => other.id === item.id);
  return index < 0 ? [...items, item] : items.with(index, item);
}

function without<T extends { readonly id: string }>(items: readonly T[], id: string): readonly T[] {
  return items.filter((item) => item.id !== id);
}

export function me(state: State): Participant | undefined {
  return state.participants.find((participant) => participant.id === state.you);
}

/** Hosts and co-hosts: they see the lobby and may act on others. */
export function mayHost(state: State): boolean {
  const role = me(state)?.role;
  return role === "host" || role === "cohost";
}

export function isOn(
  participant: Participant,
  source: "microphone" | "camera" | "screen" | "screen_audio",
): boolean {
  return participant.sources?.includes(source) ?? false;
}

/** May this participant share a screen now, by the meeting's setting? */
export function mayShare(state: State): boolean {
  if (mayHost(state)) return true;
  if (state.meeting.share === "host") return false;
  if (state.meeting.share === "many") return true;
  return !state.participants.some((other) => other.id !== state.you && isOn(other, "screen"));
}

/** Who shares a screen, oneself left out: nobody needs to see what is before them anyway. */
export function sharersOf(state: State): readonly Participant[] {
  return state.participants.filter((other) => other.id !== state.you && isOn(other, "screen"));
}

/** Whose screen is seen: the chosen one while it is shared, else the last in the list. */
export function shownSharer(sharers: readonly Participant[], chosen: string | null): string | null {
  return (sharers.find(({ id }) => id === chosen) ?? sharers.at(-1))?.id ?? null;
}
