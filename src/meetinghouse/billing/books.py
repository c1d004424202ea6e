"""What is done with price books: published, and read by who sells and who buys by them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.billing import tables
from meetinghouse.billing.channel import Organisation, check_seller, not_found, organisation_of
from meetinghouse.billing.context import Billing
from meetinghouse.billing.model import Audience, Book
from meetinghouse.billing.money import clean_currency
from meetinghouse.billing.reading import PriceRow, items_of
from meetinghouse.billing.rules.prices import book_in_force, losses
from meetinghouse.db.ids import new_id
from meetinghouse.db.tenancy import Across
from meetinghouse.people import tables as people_tables
from meetinghouse.people.model import Actor
from meetinghouse.security.refusal import Refusal

# Of prices below wholesale.
_SHOWN_WARNINGS = 20


class Published(Struct, frozen=True):
    """A new book and what is strange about it."""

    book: Book
    warnings: list[str]


def check_book(
    billing: Billing,
    audience: Audience,
    currency: str,
    effective_from: datetime | None,
    rows: Iterable[PriceRow],
) -> Book:
    """A book that can be published, without who sells by it and its version.

    Raises:
        Refusal: 422 `unknown_currency`, `in_the_past`, `invalid_book`, `invalid_csv` or `too_many_prices`.

    """
    now = billing.clock.now()
    begin = effective_from or now
    if begin < now:
        detail = "A book cannot begin in the past, where others have bought already: leave the time out for now."
        raise Refusal(422, "in_the_past", detail)
    return Book(
        id=new_id(),
        seller="",
        audience=audience,
        currency=clean_currency(currency),
        version=0,
        effective_from=begin,
        items=items_of(rows, billing.settings.book_prices),
    )


async def do_publish(billing: Billing, actor: Actor, checked: Book) -> Published:
    """Give a book its version, and keep it for good.

    Raises:
        Refusal: 404 `not_found` for who sells nothing.

    """
    async with billing.db.write(Across.CHANNEL) as write:
        connection = write.connection
        seller = await check_seller(connection, actor)
        version = await tables.next_version(connection, seller.id, checked.audience, checked.currency)
        values = {name: getattr(checked, name) for name in Book.__struct_fields__}
        book = Book(**{**values, "seller": seller.id, "version": version})
        now = billing.clock.now()
        await tables.add_book(connection, book, now, actor.member_id)
        await people_tables.insert_audit(
            connection, actor.tenant_id, now, actor.member_id, "publish_price_book", book.id, {"version": version}
        )
        bought_by = await _wholesale(connection, seller, book)
    return Published(book, losses(book, bought_by)[:_SHOWN_WARNINGS])


async def books_page(billing: Billing, actor: Actor, before: str, limit: int) -> list[Book]:
    """An organisation's own books and those that it buys by, without prices, the newest first."""
    async with billing.db.read(Across.CHANNEL) as connection:
        organisation = await organisation_of(connection, actor)
        return await tables.books_page(connection, _seen(organisation), before, limit)


async def the_book(billing: Billing, actor: Actor, book_id: str) -> Book:
    """One book with its prices.

    Raises:
        Refusal: 404 `not_found`.

    """
    async with billing.db.read(Across.CHANNEL) as connection:
        organisation = await organisation_of(connection, actor)
        found = await tables.book(connection, book_id)
    if found is None or not any(
        found.seller == seller and audience in {None, found.audience} for seller, audience in _seen(organisation)
    ):
        raise not_found()
    return found


def _seen(organisation: Organisation) -> list[tuple[str, Audience | None]]:
    seen: list[tuple[str, Audience | None]] = [(organisation.id, None)]
    if organisation.parent is not None:
        seen.append((organisation.parent, "partners" if organisation.kind == "partner" else "tenants"))
    return seen


async def _wholesale(connection: AsyncConnection, seller: Organisation, book: Book) -> Book | None:
    """By which book a seller buys what it sells by `book`, when that begins."""
    if seller.parent is None:
        return None
    heads = await tables.books_of(connection, [seller.parent], [])
    found = book_in_force(heads, seller.parent, "partners", book.currency, book.effective_from)
    return None if found is None else await tables.book(connection, found.id)
