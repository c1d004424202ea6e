/** Whom one may write to, and how lines are grouped. */
import type { ChatMessage, Participant, State } from "../api/signalling.ts";
import { mayHost } from "./state.ts";

export interface Partners {
  readonly everyone: boolean;
  readonly people: readonly Participant[];
}

/** By the host's setting: "off" binds everybody; under "host" everybody may still write to a host. */
export function chatPartners(state: State): Partners {
  const others = state.participants.filter(({ id }) => id !== state.you);
  const chat = state.meeting.chat ?? "everyone";
  if (chat === "off") return { everyone: false, people: [] };
  if (chat === "everyone" || mayHost(state)) return { everyone: true, people: others };
  return { everyone: false, people: others.filter(({ role }) => role !== "attendee") };
}

export interface Group {
  readonly key: string;
  /** The first line's: who, to whom, when. */
  readonly head: ChatMessage;
  readonly lines: readonly ChatMessage[];
  /** The local day begins with this group. */
  readonly newDay: boolean;
}

/** Lines of the same person to the same one within this time stand under one name. */
const TOGETHER_MS = 5 * 60_000;

export function grouped(messages: readonly ChatMessage[]): readonly Group[] {
  const groups: { key: string; head: ChatMessage; lines: ChatMessage[]; newDay: boolean }[] = [];
  for (const line of messages) {
    const last = groups.at(-1);
    if (last !== undefined && belongs(line, last.lines.at(-1) ?? last.head)) last.lines.push(line);
    else
      groups.push({
        key: line.id,
        head: line,
        lines: [line],
        newDay: last === undefined || !sameDay(line, last.head),
      });
  }
  return groups;
}

function belongs(line: ChatMessage, before: ChatMessage): boolean {
  return (
    line.sender === before.sender &&
    line.sender_name === before.sender_name &&
    (line.to ?? null) === (before.to ?? null) &&
    sameDay(line, before) &&
    Date.parse(line.sent_at) - Date.parse(before.sent_at) < TOGETHER_MS
  );
}

function sameDay(a: ChatMessage, b: ChatMessage): boolean {
  return new Date(a.sent_at).toDateString() === new Date(b.sent_at).toDateString();
}
