"""Where anything about a person is kept, in one list: what an export tells of it, and what an erasure does with it.

What has a member's id and is not named here belongs to the account, and goes with it: a new table is forgotten by neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, Table, or_, select

from meetinghouse.billing.tables import orders, price_books
from meetinghouse.db.schema import metadata
from meetinghouse.mail.tables import mails
from meetinghouse.market.set_tables import market_activations, market_approvals, market_rule_sets
from meetinghouse.meetings.live_tables import messages, participants
from meetinghouse.meetings.tables import meetings
from meetinghouse.people.credential_tables import (
    api_tokens,
    challenges,
    identities,
    one_time_links,
    passkeys,
    sign_ins,
)
from meetinghouse.people.model import Status
from meetinghouse.people.tables import audit, members

Erasure = Literal["removed", "made nobody's", "kept under a pseudonym"]
# Proofs, and keys that make them: they say nothing of a person, and whoever has them is taken for that person.
_SECRETS = frozenset(
    {"password_hash", "secret_mark", "token_mark", "resume_mark", "public_key", "credential_id", "challenge"}
)
# Of what somebody made or ordered: the thing itself is their organisation's.
_THINGS = frozenset({"prices", "rules"})


@dataclass(frozen=True)
class Person:
    """Somebody who has or had an account."""

    id: str
    tenant_id: str
    email: str | None


@dataclass(frozen=True)
class Holding:
    """One kind of data: what it is in a sentence, whose rows they are, and, unless they are removed, what is left of them."""

    kind: str
    about: str
    table: Table
    whose: Callable[[Person], ColumnElement[bool]]
    erasure: Erasure = "removed"
    left: Mapping[str, Any] | None = None

    def rows(self, person: Person) -> Select[Any]:
        """The person's rows without secrets."""
        hidden = _SECRETS | _THINGS
        return select(*(column for column in self.table.c if column.name not in hidden)).where(self.whose(person))


def _stays(person: Person) -> Select[Any]:
    return select(participants.c.id).where(participants.c.member_id == person.id)


def _by(table: Table, column: str, kind: str, about: str) -> Holding:
    return Holding(kind, about, table, lambda person: table.c[column] == person.id, "kept under a pseudonym")


# In the order in which they are erased: what is found by something else goes before it.
_NAMED = (
    Holding(
        "messages sent",
        "What you wrote in meetings.",
        messages,
        lambda person: messages.c.sender_id.in_(_stays(person)),
    ),
    Holding(
        "messages received",
        "What others wrote to you alone. The text stays theirs, your name is taken out.",
        messages,
        lambda person: messages.c.to_id.in_(_stays(person)),
        "made nobody's",
        {"to_name": ""},
    ),
    Holding(
        "meetings",
        "Meetings that you host, your own room among them, with who was in them and what was written there.",
        meetings,
        lambda person: meetings.c.host_id == person.id,
    ),
    Holding(
        "attendance",
        "When you were in which session. That somebody was there stays, without a name.",
        participants,
        lambda person: participants.c.member_id == person.id,
        "made nobody's",
        {"name": "", "member_id": None},
    ),
    Holding(
        "challenges",
        "A passkey that is being added, for minutes.",
        challenges,
        lambda person: challenges.c.purpose == f"add passkey {person.id}",
    ),
    Holding("sign-ins", "Where you are signed in.", sign_ins, lambda person: sign_ins.c.member_id == person.id),
    Holding("passkeys", "Your passkeys.", passkeys, lambda person: passkeys.c.member_id == person.id),
    Holding(
        "links",
        "Links to take up an invitation or to set a new password.",
        one_time_links,
        lambda person: one_time_links.c.member_id == person.id,
    ),
    Holding("tokens", "Tokens of the API.", api_tokens, lambda person: api_tokens.c.member_id == person.id),
    Holding(
        "identities",
        "How your organisation's own sign-in knows you.",
        identities,
        lambda person: identities.c.member_id == person.id,
    ),
    Holding("mails", "Mails to your address.", mails, lambda person: mails.c.recipient == person.email),
    _by(orders, "made_by", "orders", "Orders that you made; accounts must be kept."),
    _by(price_books, "created_by", "price books", "Prices that you published; accounts must be kept."),
    _by(market_rule_sets, "author_id", "rule sets", "Market rules that you wrote."),
    _by(market_approvals, "member_id", "approvals", "Market rules that you approved."),
    _by(market_activations, "created_by", "activations", "Market rules that you put in force."),
    Holding(
        "audit",
        "What you did and what was done to your account. The log of your organisation is never changed.",
        audit,
        lambda person: or_(
            audit.c.actor == person.id, audit.c.actor.endswith(f":{person.id}"), audit.c.subject == person.id
        ),
        "kept under a pseudonym",
    ),
)
# Last: an email leads to mails. Whatever may be empty is emptied; the id stays, as a pseudonym that leads to nobody.
_ACCOUNT = Holding(
    "account",
    "Your account.",
    members,
    lambda person: members.c.id == person.id,
    "made nobody's",
    {column.name: None for column in members.c if column.nullable} | {"name": "", "status": Status.REMOVED},
)


def holdings() -> tuple[Holding, ...]:
    """All of them."""
    named = {one.table for one in _NAMED}
    rest = [table for name, table in sorted(metadata.tables.items()) if "member_id" in table.c and table not in named]
    return (*_NAMED[:-1], *map(_of_account, rest), _NAMED[-1], _ACCOUNT)


def _of_account(table: Table) -> Holding:
    about = "What else belongs to your account."
    return Holding(table.name, about, table, lambda person: table.c.member_id == person.id)
