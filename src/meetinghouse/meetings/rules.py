"""The decisions of meetings: pure functions of values. No clock, no database, no await.

A `check_…` returns None for yes or the stable code of the no; the caller words it.
"""

from __future__ import annotations

from collections.abc import Iterable

from meetinghouse.meetings.messages import Participant, Role, Source
from meetinghouse.meetings.model import Chat, Presence, Refused, Share, Situation

_RANK = {Role.ATTENDEE: 0, Role.COHOST: 1, Role.HOST: 2}
_SCREEN = frozenset({Source.SCREEN, Source.SCREEN_AUDIO})


def check_entry(  # noqa: PLR0911 (one exit for each reason)
    situation: Situation, role: Role, *, admitted: bool
) -> Refused | Presence:
    """Where somebody goes who asks to come in: into the meeting, into the lobby, or nowhere.

    The order is the order of honesty: what can never change first. A host opens an ended meeting again.
    """
    host = role is Role.HOST
    if situation.removed_before and not (host or admitted):
        return Refused.REMOVED
    if situation.ended and not situation.in_progress and not host:
        return Refused.ENDED
    if situation.people >= situation.people_limit:
        return Refused.FULL
    if host or admitted:
        return Presence.JOINED
    if situation.settings.locked:
        return Refused.LOCKED
    if not (situation.settings.join_before_host or situation.in_progress):
        return Refused.NOT_STARTED
    return Presence.WAITING if situation.settings.lobby else Presence.JOINED


def may_moderate(role: Role) -> bool:
    """Hosts and co-hosts admit, mute, lock and change what is allowed."""
    return role is not Role.ATTENDEE


def check_act_on(actor: Role, target: Role) -> str | None:
    """Muting, renaming, lowering a hand, asking to unmute: moderators, not upwards."""
    if not may_moderate(actor) or _RANK[actor] < _RANK[target]:
        return "not_allowed"
    return None


def check_remove(actor: Role, target: Role) -> str | None:
    """Removing: the host anybody, a co-host attendees only, so that co-hosts cannot turn the host or each other out."""
    if not may_moderate(actor) or (actor is not Role.HOST and _RANK[actor] <= _RANK[target]):
        return "not_allowed"
    return None


def check_set_role(actor: Role) -> str | None:
    """Only a host gives roles away."""
    return None if actor is Role.HOST else "not_allowed"


def check_end(actor: Role) -> str | None:
    """Only a host ends the meeting for all."""
    return None if actor is Role.HOST else "not_allowed"


def check_sources(  # noqa: PLR0911 (one exit for each reason)
    me: Participant, wanted: Iterable[Source], others: Iterable[Participant], share: Share, *, publish: bool
) -> str | None:
    """Whether `me` may have exactly the sources `wanted` on. What is on already may always stay on."""
    wanted = frozenset(wanted)
    if wanted and not publish:
        return "publish_not_allowed"
    if Source.SCREEN_AUDIO in wanted and Source.SCREEN not in wanted:
        return "invalid_sources"
    if not wanted & _SCREEN or Source.SCREEN in me.sources:
        return None
    if may_moderate(me.role):
        return None
    if share == "host":
        return "share_not_allowed"
    if share == "one" and any(Source.SCREEN in other.sources for other in others):
        return "share_taken"
    return None


def shares_to_stop(sharers: Iterable[Participant], share: Share, newest: str | None = None) -> tuple[str, ...]:
    """Whose screen must end under the policy: a moderator's new share takes over, and a stricter policy is kept at once.

    `sharers` are in order of joining; under "one" the newest share stays, else a moderator's, else the first.
    """
    sharing = [one for one in sharers if Source.SCREEN in one.sources]
    if share == "many":
        return ()
    if share == "host":
        return tuple(one.id for one in sharing if not may_moderate(one.role))
    if len(sharing) < 2:  # noqa: PLR2004 (one share is what the policy permits)
        return ()
    keep = next(
        (one.id for one in sharing if one.id == newest),
        next((one.id for one in sharing if may_moderate(one.role)), sharing[0].id),
    )
    return tuple(one.id for one in sharing if one.id != keep)


def without_screen(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The same sources with nothing shared."""
    return tuple(source for source in sources if source not in _SCREEN)


def without_microphone(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The same sources, muted."""
    return tuple(source for source in sources if source is not Source.MICROPHONE)


def check_chat(policy: Chat, sender: Role, to: Role | None) -> str | None:
    """Who may write to whom; `to` is the role of the one person, None for everyone.

    Under "host" everybody may still write to a host or co-host, as people know it; "off" binds all.
    """
    if policy == "off":
        return "chat_off"
    if policy == "host" and not may_moderate(sender) and (to is None or not may_moderate(to)):
        return "chat_host_only"
    return None


def returning_role(ticket: Role, before: Role | None) -> Role:
    """A member who comes back to a running session keeps the better of the old role and the ticket's."""
    if before is None or _RANK[before] <= _RANK[ticket]:
        return ticket
    return before
