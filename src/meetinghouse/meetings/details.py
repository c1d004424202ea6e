"""The English sentence behind each code of the signalling protocol. Clients word codes in their own language."""

from __future__ import annotations

DETAILS = {
    "bad_message": "The message cannot be read as the protocol says.",
    "unknown_message": "There is no message of this type.",
    "too_large": "The message is larger than this server takes.",
    "too_many_attempts": "Too many messages in a short time.",
    "hello_expected": "The first message must be a hello with either a ticket or a resume secret.",
    "internal_error": "Something went wrong on our side. It has been logged.",
    "ticket_invalid": "This ticket was not made here.",
    "ticket_expired": "This ticket's time is over.",
    "ticket_used": "This ticket has been used.",
    "ticket_missing": "Send the ticket as `Authorization: Bearer …`.",
    "ticket_elsewhere": "This ticket is for another meeting, or for another connection.",
    "ticket_revoked": "This ticket's holder was sent out of the meeting.",
    "unknown_meeting": "There is no such meeting any more.",
    "draining": "This server takes no new meetings now: it is about to be stopped. Try again in a moment.",
    "locked": "The meeting is locked.",
    "ended": "The meeting has ended.",
    "not_started": "The host has not started the meeting.",
    "meeting_full": "The meeting is full.",
    "removed": "The host removed you from this meeting.",
    "not_allowed_here": "The operator's rules do not allow people to join this meeting.",
    "no_policy": "The host's organisation has no residency policy, so nobody can be placed.",
    "no_permitted_region": "The residency policy of the host's organisation does not permit this region.",
    "not_admitted": "You are still in the lobby.",
    "not_allowed": "Your role does not permit this.",
    "unknown_participant": "There is no such person in the meeting.",
    "share_not_allowed": "Only hosts may share here.",
    "share_taken": "Somebody else is sharing.",
    "publish_not_allowed": "This ticket lets you watch only.",
    "subscribe_not_allowed": "This ticket does not let you watch.",
    "end_to_end_encrypted": "This meeting is end-to-end encrypted: only its own client takes part.",
    "too_many_watches": "As many watch in this meeting as this server takes.",
    "unknown_session": "There is no such connection any more.",
    "bad_fragment": "The SDP fragment cannot be used: it needs an ice-ufrag and an ice-pwd line.",
    "precondition_required": "Send If-Match: the ETag of this connection, or * for an ICE restart.",
    "precondition_failed": "The ICE session has changed: send the ETag of the last answer.",
    "invalid_sources": "Screen sound goes with a shared screen only.",
    "chat_off": "Chat is off in this meeting.",
    "chat_host_only": "You can write to the hosts only.",
    "chat_full": "This meeting's chat is full.",
    "bad_name": "This name has nothing that can be shown.",
    "offer_too_large": "The offer is larger than this server takes.",
    "bad_offer": "The offer cannot be used.",
    "no_connection": "There is no connection to change: send a fresh offer.",
    "limit_reached": "The engine's limit is reached.",
    "peer_failed": "The connection failed while it was set up.",
    "media_unavailable": "The media engine does not answer.",
}


def detail_of(code: str) -> str:
    """The sentence for a code."""
    return DETAILS.get(code, "The request was refused.")
