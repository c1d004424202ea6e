"""Monthly statements: a pure function of the ledger's entries and what was owed before them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from meetinghouse.billing.model import Entry, Period, Statement, StatementLine
from meetinghouse.billing.money import Money
from meetinghouse.billing.rules.periods import month_name

# What a buyer owed its seller, by seller, buyer and currency.
Owed = Mapping[tuple[str, str, str], int]


def statements(entries: Iterable[Entry], opening: Owed, month: Period) -> list[Statement]:
    """The accounts that something happened in, or that were not even at the month's start.

    The order of `entries`, and one that comes twice, make no difference.
    """
    lines: dict[tuple[str, str, str], dict[str, StatementLine]] = defaultdict(dict)
    for key, owed in opening.items():
        if owed:
            lines[key] = {}
    for entry in entries:
        if entry.at in month:
            for key, line in _lines_of(entry):
                lines[key][line.reference] = line
    return [_statement(key, opening.get(key, 0), of.values(), month) for key, of in sorted(lines.items())]


def _lines_of(entry: Entry) -> Iterable[tuple[tuple[str, str, str], StatementLine]]:
    for posting in entry.postings:
        if posting.account == "due":
            yield (
                (entry.seller, entry.buyer, posting.amount.currency),
                StatementLine(
                    at=entry.at,
                    kind=entry.kind,
                    reference=entry.reference,
                    amount=posting.amount,
                    about=entry.about,
                    memo=entry.memo,
                ),
            )


def _statement(key: tuple[str, str, str], owed: int, found: Iterable[StatementLine], month: Period) -> Statement:
    seller, buyer, currency = key
    lines = sorted(found, key=lambda line: (line.at, line.reference))

    def total(*kinds: str) -> Money:
        return Money(sum(line.amount.minor for line in lines if line.kind in kinds), currency)

    opening = Money(owed, currency)
    charges, credits, payments = total("charge", "usage"), total("credit", "reversal"), total("payment")  # noqa: A001
    return Statement(
        month=month_name(month.start),
        seller=seller,
        buyer=buyer,
        opening=opening,
        charges=charges,
        credits=credits,
        payments=payments,
        closing=opening + charges + credits + payments,
        lines=tuple(lines),
    )
