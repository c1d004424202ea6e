"""Price books as sellers write them and payments as accounting systems do, as values or as CSV. Every fault has its row."""

from __future__ import annotations

import codecs
import csv
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Annotated, NoReturn

import msgspec
from msgspec import Meta, Struct

from meetinghouse.billing.model import Item, Tier
from meetinghouse.billing.money import read_price
from meetinghouse.billing.rules.prices import MOST_QUANTITY, check_sku
from meetinghouse.security.refusal import Refusal

_PAYMENT = ["reference", "buyer", "amount", "currency", "memo"]
_HEADER = ["sku", "from_quantity", "unit_price"]
# Of a book with many faults, which a person reads.
_SHOWN_FAULTS = 20


class PriceRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One price: from this quantity on, each unit costs so much."""

    sku: str
    unit_price: str
    from_quantity: int = 1


class NewPayment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment that a buyer made; `reference` is the accounting system's own, and the same again is the same payment."""

    reference: Annotated[str, Meta(min_length=1, max_length=120)]
    buyer: str
    amount: str
    currency: str
    memo: Annotated[str, Meta(max_length=200)] = ""


def items_of(rows: Iterable[PriceRow], most: int) -> tuple[Item, ...]:
    """The items of a book, each with its tiers in order. Reads no more than `most` rows.

    Raises:
        Refusal: 422 `invalid_book` with the faults and their rows (from 1), or `too_many_prices`.

    """
    tiers: dict[str, dict[int, Tier]] = {}
    faults: list[str] = []
    for number, row in enumerate(rows, 1):
        if number > most:
            detail = f"This book has more than {most} prices: leave out what nobody buys, or raise billing.book_prices."
            raise Refusal(422, "too_many_prices", detail)
        try:
            tier = _tier(row, tiers)
        except Refusal as refusal:
            faults.append(f"row {number}: {refusal.detail}")
            continue
        tiers.setdefault(row.sku, {})[tier.from_quantity] = tier
    if not tiers and not faults:
        faults = ["there is no price in it."]
    faults += [f"{sku} has no price from 1 on." for sku, of_sku in tiers.items() if 1 not in of_sku]
    if faults:
        raise Refusal(422, "invalid_book", " ".join(faults[:_SHOWN_FAULTS]))
    return tuple(
        Item(sku, tuple(of_sku[quantity] for quantity in sorted(of_sku))) for sku, of_sku in sorted(tiers.items())
    )


def csv_rows(text: str) -> Iterator[PriceRow]:
    """The rows of a CSV file whose first line is `sku,from_quantity,unit_price`, one after another.

    Raises:
        Refusal: 422 `invalid_csv`.

    """
    lines = csv.reader(text.removeprefix("\ufeff").splitlines(), strict=True)
    try:
        if next(lines, None) != _HEADER:
            _refuse(f"the first line must be {','.join(_HEADER)}.")
        for line in lines:
            if not line:
                continue
            if len(line) != len(_HEADER) or not (line[1].isascii() and line[1].isdecimal()):
                _refuse(f"line {lines.line_num}: write {','.join(_HEADER)}, for example seat:pro:month,1,9.90.")
            yield PriceRow(sku=line[0], unit_price=line[2], from_quantity=int(line[1]))
    except csv.Error as error:
        _refuse(f"line {lines.line_num}: {error}.")


async def csv_payments(chunks: AsyncIterator[bytes], longest: int) -> AsyncIterator[tuple[int, NewPayment | Refusal]]:
    """The payments of a CSV file as it comes, each with its line, and what is wrong with those that are none.

    A payment is a line: a quotation mark that is not closed spoils one line and not the rest of the file. Of a line, `longest`
    bytes are kept at most.

    Raises:
        Refusal: 422 `invalid_csv` for a first line that does not say what follows.

    """
    async for number, line in _lines(chunks, longest):
        if number == 1:
            wanted = ",".join(_PAYMENT)
            if line.removeprefix(codecs.BOM_UTF8) != wanted.encode():
                raise Refusal(422, "invalid_csv", f"This is no CSV of payments: the first line must be {wanted}.")
        elif line:
            yield number, _payment(line, longest)


async def _lines(chunks: AsyncIterator[bytes], longest: int) -> AsyncIterator[tuple[int, bytes]]:
    number, rest = 0, b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield number, line.removesuffix(b"\r")
        rest = rest[: longest + 1]
    yield number + 1, rest


def _payment(line: bytes, longest: int) -> NewPayment | Refusal:
    what = f"it does not have {len(_PAYMENT)} columns"
    try:
        if len(line) > longest:
            what = f"it is longer than {longest} bytes"
        elif len(cells := next(csv.reader([line.decode()], strict=True))) == len(_PAYMENT):
            return msgspec.convert(dict(zip(_PAYMENT, cells, strict=True)), NewPayment)
    except UnicodeDecodeError:
        what = "it is not UTF-8"
    except (csv.Error, msgspec.ValidationError) as error:
        what = str(error)
    return Refusal(422, "invalid_csv", f"This is no payment: {what}. Write {','.join(_PAYMENT)} in one line.")


def _tier(row: PriceRow, tiers: dict[str, dict[int, Tier]]) -> Tier:
    check_sku(row.sku)
    if not 1 <= row.from_quantity <= MOST_QUANTITY:
        raise Refusal(422, "invalid_quantity", f"from_quantity must be 1 to {MOST_QUANTITY}.")
    if row.from_quantity in tiers.get(row.sku, {}):
        raise Refusal(422, "duplicate", f"{row.sku} from {row.from_quantity} is there twice.")
    return Tier(row.from_quantity, read_price(row.unit_price))


def _refuse(what: str) -> NoReturn:
    raise Refusal(422, "invalid_csv", f"This is no CSV of prices: {what}")
