"""Showing a second factor after a sign-in that lacks the one that the organisation asks for: a passkey of one's own.

Who has none adds one first (`profile.do_add_passkey`), which shows it as well.
"""

from __future__ import annotations

from typing import Any

from meetinghouse.people import credential_tables, tables
from meetinghouse.people.context import People
from meetinghouse.people.model import Actor
from meetinghouse.people.sign_in import keep_challenge, relying_party, take_challenge
from meetinghouse.security.passkeys import credential_id_of
from meetinghouse.security.refusal import Refusal


async def second_factor_options(people: People, actor: Actor) -> tuple[str, dict[str, Any]]:
    """A challenge's id, and what to hand to the browser to ask for a passkey."""
    challenge, options = (await relying_party(people)).sign_in()
    return await keep_challenge(people, _purpose(actor), challenge), options


async def do_show_second_factor(people: People, actor: Actor, challenge_id: str, credential: dict[str, Any]) -> None:
    """Let the sign-in do everything, once a passkey of its member has answered.

    Raises:
        Refusal: 401 `wrong_credentials`, 403 `not_allowed` for a token, 422, 429.

    """
    if actor.via != "session":
        raise Refusal(403, "not_allowed", "Sign in to do this; a token cannot.")
    limit = people.limits.sign_ins_per_account
    people.limiter.check("sign_ins_per_account", limit, actor.member_id)
    try:
        await _show(people, actor, challenge_id, credential)
    except Refusal:
        people.limiter.record("sign_ins_per_account", limit, actor.member_id)
        raise


async def _show(people: People, actor: Actor, challenge_id: str, credential: dict[str, Any]) -> None:
    challenge = await take_challenge(people, _purpose(actor), challenge_id)
    async with people.db.read(actor.tenant_id) as connection:
        passkey = await credential_tables.passkey_by_credential(connection, credential_id_of(credential))
    if passkey is None or passkey.member_id != actor.member_id:
        raise Refusal(401, "wrong_credentials", "This passkey is not one of yours.")
    count = (await relying_party(people)).check_sign_in(credential, challenge, passkey.public_key, passkey.sign_count)
    async with people.db.write(actor.tenant_id) as write:
        await credential_tables.update_sign_count(write.connection, passkey.id, count)
        await credential_tables.keep_second_factor(write.connection, actor.credential_id)
        now = people.clock.now()
        await tables.insert_audit(
            write.connection, actor.tenant_id, now, actor.member_id, "show_second_factor", actor.member_id, {}
        )


def _purpose(actor: Actor) -> str:
    return f"second factor {actor.credential_id}"
