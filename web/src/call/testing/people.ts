import type { Meeting, Participant, State, Welcome } from "../../api/signalling.ts";

export function person(id: string, change: Partial<Participant> = {}): Participant {
  return { id, name: id.toUpperCase(), role: "attendee", joined_at: "2026-11-23T09:00:00Z", ...change };
}

export const MEETING: Meeting = {
  id: "m1",
  title: "Weekly",
  number: "123456789",
  join_url: "https://meet.example/j/abcdefghijklmnopqrstuv#p=123456",
  started_at: "2026-11-23T09:00:00Z",
};

export function state(participants: readonly Participant[], change: Partial<State> = {}): State {
  return {
    you: participants[0]?.id ?? "me",
    meeting: MEETING,
    participants,
    waiting: [],
    messages: [],
    ...change,
  };
}

export function welcome(change: Partial<Welcome> = {}): Welcome {
  return {
    type: "welcome",
    participant: "me",
    state: "joined",
    resume: "secret-1",
    media_kept: false,
    heartbeat_seconds: 10,
    title: "Weekly",
    ...change,
  };
}
