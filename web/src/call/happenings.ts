/** What an event means to the person who sees it happen, if it is worth a word. */
import type { Participant, Sequenced, State } from "../api/signalling.ts";
import type { Notice } from "./view.ts";

/** `before` is the state without the event. */
export function happening(before: State, event: Sequenced): Notice | null {
  switch (event.type) {
    case "participant":
      return changeOf(before, event.participant);
    case "participant_gone": {
      const gone = find(before, event.participant);
      return gone === undefined ? null : { type: "left", name: gone.name };
    }
    case "message": {
      const { sender, sender_name: name } = event.message;
      return sender === before.you ? null : { type: "message", name };
    }
    default:
      return null;
  }
}

function changeOf(before: State, participant: Participant): Notice | null {
  const old = find(before, participant.id);
  if (participant.id === before.you) {
    return old === undefined || old.role === participant.role
      ? null
      : { type: "role", role: participant.role };
  }
  if (old === undefined) return { type: "joined", name: participant.name };
  const raised = !old.hand_raised_at && participant.hand_raised_at;
  return raised ? { type: "hand_raised", name: participant.name } : null;
}

function find(state: State, id: string): Participant | undefined {
  return state.participants.find((participant) => participant.id === id);
}
