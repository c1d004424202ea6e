"""Tickets and resume secrets: how they are made and read.

A ticket is signed and says everything, so that making one writes nothing; that it was used is the participant's row. A resume
secret names the session and the participant and is random; the row holds only its mark.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from meetinghouse.db.ids import new_id
from meetinghouse.meetings.messages import Role
from meetinghouse.meetings.model import Meeting, Ticket
from meetinghouse.security.keyring import Keyring, SignatureRefusedError, new_token

_TICKET = "meeting ticket"
_RESUME = "meeting resume"
_RESUME_PARTS = 3


class TicketRefused(Exception):  # noqa: N818 (an answer, not a fault)
    """A ticket that lets nobody in: `ticket_invalid` or `ticket_expired`."""

    def __init__(self, code: str) -> None:
        """`code` is stable."""
        super().__init__(code)
        self.code = code


class Resume(Struct, frozen=True):
    """The parts of a resume secret."""

    session_id: str
    participant_id: str
    secret: str


def new_ticket(
    meeting: Meeting,
    name: str,
    expires_at: datetime,
    *,
    role: Role = Role.ATTENDEE,
    admitted: bool = False,
    publish: bool = True,
    subscribe: bool = True,
    member_id: str | None = None,
) -> Ticket:
    """A ticket for a new participant of `meeting`."""
    return Ticket(
        participant_id=new_id(),
        tenant_id=meeting.tenant_id,
        meeting_id=meeting.id,
        name=name,
        role=role,
        admitted=admitted,
        publish=publish,
        subscribe=subscribe,
        member_id=member_id,
        expires_at=expires_at,
    )


def sign_ticket(keys: Keyring, ticket: Ticket) -> str:
    """The text that its holder gets."""
    return keys.sign(_TICKET, ticket.tenant_id, ticket, ticket.expires_at)


def read_ticket(keys: Keyring, text: str, now: datetime) -> Ticket:
    """Check a ticket and read it.

    Raises:
        TicketRefused: it is no ticket of ours, or its time is over.

    """
    try:
        signed = keys.open_signed(_TICKET, text, Ticket, now)
    except SignatureRefusedError as refused:
        raise TicketRefused("ticket_expired" if refused.code == "expired" else "ticket_invalid") from None
    # The signature's own fields rule, whatever the body repeats.
    return replace(signed.body, tenant_id=signed.tenant_id, expires_at=signed.expires_at)


def new_resume(session_id: str, participant_id: str) -> str:
    """A resume secret."""
    return f"{session_id}.{participant_id}.{new_token()}"


def read_resume(text: str) -> Resume | None:
    """The parts of a resume secret, if it has the shape of one."""
    parts = text.split(".")
    return Resume(*parts) if len(parts) == _RESUME_PARTS else None


def mark_resume(keys: Keyring, text: str) -> bytes:
    """What the database keeps of a resume secret."""
    return keys.mark(_RESUME, text)


def is_resume(keys: Keyring, text: str, mark: bytes) -> bool:
    """Whether `text` is the secret of this mark, in constant time."""
    return hmac.compare_digest(mark_resume(keys, text), mark)
