"""Payments, as the seller's accounting system knows of them: one, or a file of a million.

The reference is the accounting system's own: the same again is the same payment. A file is taken some lines at a time, each of
them whole or not at all, so that what is cut off or partly wrong is mended and sent again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.billing import ledger_tables
from meetinghouse.billing.channel import Organisation, buyers_among, check_seller
from meetinghouse.billing.context import Billing
from meetinghouse.billing.ledger_tables import Pair
from meetinghouse.billing.model import Entry
from meetinghouse.billing.money import Money, read_money
from meetinghouse.billing.reading import NewPayment, csv_payments
from meetinghouse.billing.rules import ledger
from meetinghouse.db.engine import Transaction
from meetinghouse.db.tenancy import Across
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor
from meetinghouse.security.refusal import Refusal

# Lines of one transaction.
_LINES_AT_ONCE = 500


class Fault(Struct, frozen=True):
    """Why a line was not taken."""

    line: int
    refusal: Refusal


class Taken(Struct, kw_only=True):
    """What has come of a file so far; `faults` are the first of those that are `wrong`."""

    posted: int = 0
    known: int = 0
    wrong: int = 0
    faults: list[Fault]


class _Noted(Struct, frozen=True):
    """What came of some payments, one after another, and how many of them are new."""

    outcomes: list[Entry | Refusal]
    posted: int


async def do_pay(billing: Billing, actor: Actor, payment: NewPayment) -> Entry:
    """Write down a payment to a seller; the same reference again is the same payment.

    Raises:
        Refusal: 404 `not_found` for who is no buyer of the actor's organisation; 409 `reference_reused` for another payment;
            422 `invalid_amount`, `invalid_text` or `no_such_account`.

    """
    async with billing.db.write(Across.CHANNEL) as write:
        seller = await check_seller(write.connection, actor)
        noted = await _note(billing, write.connection, seller, [payment], set())
        (outcome,) = noted.outcomes
        if isinstance(outcome, Refusal):
            raise outcome
        if noted.posted:
            await _audit(billing, write, actor, "note_payment", outcome.reference, {"buyer": outcome.buyer})
    return outcome


async def do_pay_all(billing: Billing, actor: Actor, chunks: AsyncIterator[bytes]) -> Taken:
    """Write down the payments of a CSV file as it arrives: the right ones all, and of the wrong ones why.

    Raises:
        Refusal: 404 `not_found` for who sells nothing; 413 `too_large`; 422 `invalid_csv` for what is no such file. What was
            taken before stays.

    """
    async with billing.db.read(Across.CHANNEL) as connection:
        await check_seller(connection, actor)
    taken, some, accounts = Taken(faults=[]), list[tuple[int, NewPayment]](), set[tuple[str, str]]()
    settings = billing.settings
    async for line, payment in csv_payments(_bounded(chunks, settings.payments_bytes), settings.payment_line_bytes):
        if isinstance(payment, Refusal):
            _blame(taken, line, payment, settings.payment_faults)
        else:
            some.append((line, payment))
        if len(some) == _LINES_AT_ONCE:
            await _take(billing, actor, some, accounts, taken)
            some.clear()
    if some:
        await _take(billing, actor, some, accounts, taken)
    taken.faults.sort(key=lambda fault: fault.line)
    return taken


async def _take(
    billing: Billing, actor: Actor, some: Sequence[tuple[int, NewPayment]], accounts: set[tuple[str, str]], taken: Taken
) -> None:
    async with billing.db.write(Across.CHANNEL) as write:
        seller = await check_seller(write.connection, actor)
        noted = await _note(billing, write.connection, seller, [payment for _, payment in some], accounts)
        if noted.posted:
            lines: dict[str, object] = {"posted": noted.posted, "from_line": some[0][0], "to_line": some[-1][0]}
            await _audit(billing, write, actor, "note_payments", seller.id, lines)
    wrong = 0
    for (line, _), outcome in zip(some, noted.outcomes, strict=True):
        if isinstance(outcome, Refusal):
            wrong += 1
            _blame(taken, line, outcome, billing.settings.payment_faults)
    taken.posted += noted.posted
    taken.known += len(some) - wrong - noted.posted


async def _note(
    billing: Billing,
    connection: AsyncConnection,
    seller: Organisation,
    payments: Sequence[NewPayment],
    accounts: set[tuple[str, str]],
) -> _Noted:
    """Post those that are right and not known yet. `accounts` are buyers and currencies that were found, and grows."""
    now = billing.clock.now().replace(microsecond=0)
    buyers = await buyers_among(connection, seller, {one.buyer for one in payments})
    references = [f"payment:{seller.id}:{one.reference}" for one in payments]
    known = await ledger_tables.entries_by_reference(connection, references)
    new: list[Entry] = []
    outcomes: list[Entry | Refusal] = []
    for one in payments:
        try:
            amount = _amount(one, buyers)
            entry = ledger.payment(one.reference, seller.id, one.buyer, amount, now, one.memo)
            before = known.get(entry.reference)
            if before is not None:
                _check_same(before, entry)
                outcomes.append(before)
                continue
            await _check_account(connection, Pair(one.buyer, seller.id), amount.currency, accounts)
        except Refusal as refusal:
            outcomes.append(refusal)
            continue
        known[entry.reference] = entry
        new.append(entry)
        outcomes.append(entry)
    await ledger_tables.post(connection, new, now)
    return _Noted(outcomes, len(new))


def _amount(payment: NewPayment, buyers: set[str]) -> Money:
    if payment.buyer not in buyers:
        raise Refusal(404, "not_found", f"{payment.buyer[:80]!r} is nobody whom this organisation sells to directly.")
    for name in ("reference", "memo"):
        if not getattr(payment, name).isprintable():
            raise Refusal(422, "invalid_text", f"The {name} holds what is no text, such as a line break.")
    amount = read_money(payment.amount, payment.currency)
    if amount.minor <= 0:
        raise Refusal(422, "invalid_amount", "A payment is more than nothing; one that was wrong is reversed.")
    return amount


def _check_same(known: Entry, entry: Entry) -> None:
    if (known.buyer, sorted(known.postings, key=str)) != (entry.buyer, sorted(entry.postings, key=str)):
        detail = "This reference is of another payment: reverse that, or give this one a reference of its own."
        raise Refusal(409, "reference_reused", detail)


async def _check_account(
    connection: AsyncConnection, pair: Pair, currency: str, accounts: set[tuple[str, str]]
) -> None:
    if (pair.buyer, currency) in accounts:
        return
    if not await ledger_tables.has_account(connection, pair, currency):
        detail = f"Nothing was ever sold to {pair.buyer} in {currency}: look at the currency."
        raise Refusal(422, "no_such_account", detail)
    accounts.add((pair.buyer, currency))


def _blame(taken: Taken, line: int, refusal: Refusal, most: int) -> None:
    taken.wrong += 1
    if len(taken.faults) < most:
        taken.faults.append(Fault(line, refusal))


async def _bounded(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    read = 0
    async for chunk in chunks:
        read += len(chunk)
        if read > most:
            detail = (
                f"The file has more than {most} bytes: send the rest as another one, or raise billing.payments_bytes."
            )
            raise Refusal(413, "too_large", detail)
        yield chunk


async def _audit(
    billing: Billing, write: Transaction, actor: Actor, action: str, subject: str, detail: dict[str, object]
) -> None:
    await people_tables.insert_audit(
        write.connection, actor.tenant_id, billing.clock.now(), actor.member_id, action, subject, detail
    )
