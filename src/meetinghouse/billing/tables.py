"""SQL of price books, orders and subscriptions. Amounts are whole minor units, unit prices whole millionths."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from meetinghouse.billing.model import (
    Audience,
    Book,
    Item,
    Later,
    Order,
    Period,
    Price,
    Subscription,
    SubscriptionStatus,
    Tier,
)
from meetinghouse.billing.money import millionths_of, price_of
from meetinghouse.db.schema import metadata
from meetinghouse.db.types import Json, UtcTime
from meetinghouse.people.tables import operators, partners, tenants

_ID = String(64)
# Rows of one INSERT: each value is a parameter, of which the databases take tens of thousands.
_ROWS_AT_ONCE = 500

price_books = Table(
    "price_books",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("seller_id", _ID, nullable=False),
    Column("audience", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("version", Integer, nullable=False),
    Column("effective_from", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", _ID, nullable=False),
    UniqueConstraint("seller_id", "audience", "currency", "version"),
)

prices = Table(
    "prices",
    metadata,
    Column("book_id", _ID, ForeignKey("price_books.id"), primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("from_quantity", BigInteger, primary_key=True),
    Column("millionths", BigInteger, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey("tenants.id"), nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("prices", Json, nullable=False),
    Column("anchor", UtcTime, nullable=False),
    Column("periods", Integer, nullable=False),
    Column("period_start", UtcTime, nullable=False),
    Column("period_end", UtcTime, nullable=False),
    Column("later", Json),
    Column("status", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey("tenants.id"), nullable=False),
    Column("subscription_id", _ID, ForeignKey("subscriptions.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("prices", Json, nullable=False),
    Column("rule", Text),
    Column("rule_set", Text),
    Column("at", UtcTime, nullable=False),
    Column("made_by", _ID, nullable=False),
)


async def next_version(connection: AsyncConnection, seller: str, audience: Audience, currency: str) -> int:
    """The version that the seller's next book gets."""
    query = select(func.max(price_books.c.version)).where(*_book(seller, audience, currency))
    return int((await connection.execute(query)).scalar() or 0) + 1


async def add_book(connection: AsyncConnection, book: Book, now: datetime, made_by: str) -> None:
    """Publish a book."""
    await connection.execute(
        insert(price_books).values(
            id=book.id,
            seller_id=book.seller,
            audience=book.audience,
            currency=book.currency,
            version=book.version,
            effective_from=book.effective_from,
            created_at=now,
            created_by=made_by,
        )
    )
    rows = [
        {
            "book_id": book.id,
            "sku": item.sku,
            "from_quantity": tier.from_quantity,
            "millionths": millionths_of(tier.unit_price),
        }
        for item in book.items
        for tier in item.tiers
    ]
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        await connection.execute(insert(prices), rows[first : first + _ROWS_AT_ONCE])


async def books_of(
    connection: AsyncConnection, sellers: Collection[str], skus: Collection[str] | None = None
) -> list[Book]:
    """All books of some sellers, with the prices of `skus` alone (`None`: of everything that begins with `minutes:`)."""
    wanted = prices.c.sku.startswith("minutes:") if skus is None else prices.c.sku.in_(skus)
    query = (
        select(price_books, prices.c.sku, prices.c.from_quantity, prices.c.millionths)
        .outerjoin(prices, (prices.c.book_id == price_books.c.id) & wanted)
        .where(price_books.c.seller_id.in_(sellers))
        .order_by(price_books.c.id, prices.c.sku, prices.c.from_quantity)
    )
    return _books((await connection.execute(query)).all())


async def book(connection: AsyncConnection, book_id: str) -> Book | None:
    """One book with all its prices."""
    query = (
        select(price_books, prices.c.sku, prices.c.from_quantity, prices.c.millionths)
        .outerjoin(prices, prices.c.book_id == price_books.c.id)
        .where(price_books.c.id == book_id)
        .order_by(prices.c.sku, prices.c.from_quantity)
    )
    return next(iter(_books((await connection.execute(query)).all())), None)


async def books_page(
    connection: AsyncConnection, seen: Sequence[tuple[str, Audience | None]], before: str, limit: int
) -> list[Book]:
    """Books without their prices, the newest first: of sellers, each for one audience or (`None`) for both."""
    conditions = [
        (price_books.c.seller_id == seller) & (price_books.c.audience == audience if audience else True)
        for seller, audience in seen
    ]
    query = select(price_books).where(or_(*conditions)).order_by(price_books.c.id.desc()).limit(limit)
    if before:
        query = query.where(price_books.c.id < before)
    return [_head(row, ()) for row in await connection.execute(query)]


async def subscription(connection: AsyncConnection, subscription_id: str) -> Subscription | None:
    """One subscription."""
    row = (await connection.execute(select(subscriptions).where(subscriptions.c.id == subscription_id))).one_or_none()
    return None if row is None else _subscription(row)


async def add_subscription(connection: AsyncConnection, new: Subscription) -> None:
    """A subscription begins."""
    await connection.execute(insert(subscriptions).values(id=new.id, **_row(new)))


async def change_subscription(connection: AsyncConnection, changed: Subscription) -> bool:
    """Write what a subscription became; whether it was at the revision before."""
    statement = update(subscriptions).where(
        subscriptions.c.id == changed.id, subscriptions.c.revision == changed.revision - 1
    )
    return (await connection.execute(statement.values(**_row(changed)))).rowcount == 1


async def subscriptions_page(
    connection: AsyncConnection, seller: tuple[str, str | None] | None, tenant_id: str | None, after: str, limit: int
) -> list[Subscription]:
    """Subscriptions by age: of a tenant, or of the direct tenants of a seller (an operator's id and a partner's, or none)."""
    query = select(subscriptions).where(subscriptions.c.id > after).order_by(subscriptions.c.id).limit(limit)
    if tenant_id is not None:
        query = query.where(subscriptions.c.tenant_id == tenant_id)
    if seller is not None:
        operator, partner = seller
        of_seller = (tenants.c.operator_id == operator) & tenants.c.partner_id.is_not_distinct_from(partner)
        query = query.join(tenants, tenants.c.id == subscriptions.c.tenant_id).where(of_seller)
    return [_subscription(row) for row in await connection.execute(query)]


async def due_subscriptions(connection: AsyncConnection, now: datetime, after: str, limit: int) -> list[Subscription]:
    """Active subscriptions whose period is over."""
    query = (
        select(subscriptions)
        .where(subscriptions.c.status == SubscriptionStatus.ACTIVE, subscriptions.c.period_end <= now)
        .where(subscriptions.c.id > after)
        .order_by(subscriptions.c.id)
        .limit(limit)
    )
    return [_subscription(row) for row in await connection.execute(query)]


async def newest_sku(connection: AsyncConnection, tenant_id: str) -> str | None:
    """What a tenant's newest active subscription is for, if it has one."""
    columns = subscriptions.c
    active = (columns.tenant_id == tenant_id) & (columns.status == SubscriptionStatus.ACTIVE)
    query = select(columns.sku).where(active).order_by(columns.id.desc()).limit(1)
    return (await connection.execute(query)).scalar_one_or_none()


async def currencies_of(connection: AsyncConnection, tenant_ids: Collection[str]) -> dict[str, str]:
    """The currency of each tenant's newest subscription; those that never had one are not in it."""
    query = (
        select(subscriptions.c.tenant_id, subscriptions.c.currency)
        .where(subscriptions.c.tenant_id.in_(tenant_ids))
        .order_by(subscriptions.c.id)
    )
    return {row.tenant_id: row.currency for row in await connection.execute(query)}


async def add_order(connection: AsyncConnection, order: Order, made_by: str) -> None:
    """An order was carried out."""
    values = {name: getattr(order, name) for name in Order.__struct_fields__}
    await connection.execute(insert(orders).values(**values, made_by=made_by))


async def orders_page(connection: AsyncConnection, tenant_id: str, before: str, limit: int) -> list[Order]:
    """A tenant's orders, the newest first."""
    query = select(orders).where(orders.c.tenant_id == tenant_id).order_by(orders.c.id.desc()).limit(limit)
    if before:
        query = query.where(orders.c.id < before)
    return [
        msgspec.convert({name: row[name] for name in Order.__struct_fields__}, Order)
        for row in (await connection.execute(query)).mappings()
    ]


class Seat(Struct, frozen=True):
    """Where a tenant stands in the channel."""

    operator_id: str
    partner_id: str | None


async def seat_of(connection: AsyncConnection, tenant_id: str) -> Seat | None:
    """Through whom a tenant buys; none for one that does not exist."""
    query = select(tenants.c.operator_id, tenants.c.partner_id).where(tenants.c.id == tenant_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Seat(*row)


async def seats_of(connection: AsyncConnection, tenant_ids: Sequence[str]) -> dict[str, Seat]:
    """The same, of many tenants."""
    columns = (tenants.c.id, tenants.c.operator_id, tenants.c.partner_id)
    found: dict[str, Seat] = {}
    for first in range(0, len(tenant_ids), _ROWS_AT_ONCE):
        query = select(*columns).where(tenants.c.id.in_(tenant_ids[first : first + _ROWS_AT_ONCE]))
        found |= {row.id: Seat(row.operator_id, row.partner_id) for row in await connection.execute(query)}
    return found


async def partners_above(connection: AsyncConnection) -> dict[str, tuple[str, str | None]]:
    """Every partner's operator and parent."""
    query = select(partners.c.id, partners.c.operator_id, partners.c.parent_id)
    return {row.id: (row.operator_id, row.parent_id) for row in await connection.execute(query)}


async def names_of(connection: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """What organisations are called: the operator, partners, tenants."""
    wanted, found = sorted(ids), dict[str, str]()
    for first in range(0, len(wanted), _ROWS_AT_ONCE):
        some = wanted[first : first + _ROWS_AT_ONCE]
        for table in (operators, partners, tenants):
            rows = await connection.execute(select(table.c.id, table.c.name).where(table.c.id.in_(some)))
            found |= {row.id: row.name for row in rows}
    return found


def _book(seller: str, audience: Audience, currency: str) -> tuple[Any, ...]:
    columns = price_books.c
    return columns.seller_id == seller, columns.audience == audience, columns.currency == currency


def _books(rows: Iterable[Row[Any]]) -> list[Book]:
    heads: dict[str, Row[Any]] = {}
    items: dict[str, dict[str, list[Tier]]] = {}
    for row in rows:
        heads[row.id] = row
        of_book = items.setdefault(row.id, {})
        if row.sku is not None:
            of_book.setdefault(row.sku, []).append(Tier(row.from_quantity, price_of(row.millionths)))
    return [
        _head(row, tuple(Item(sku, tuple(tiers)) for sku, tiers in items[identity].items()))
        for identity, row in heads.items()
    ]


def _head(row: Row[Any], items: tuple[Item, ...]) -> Book:
    return Book(
        id=row.id,
        seller=row.seller_id,
        audience=row.audience,
        currency=row.currency,
        version=row.version,
        effective_from=row.effective_from,
        items=items,
    )


def _row(one: Subscription) -> dict[str, Any]:
    return {
        "tenant_id": one.tenant_id,
        "sku": one.sku,
        "quantity": one.quantity,
        "currency": one.currency,
        "prices": one.prices,
        "anchor": one.anchor,
        "periods": one.periods,
        "period_start": one.period.start,
        "period_end": one.period.end,
        "later": one.later,
        "status": one.status.value,
        "revision": one.revision,
    }


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        tenant_id=row.tenant_id,
        sku=row.sku,
        quantity=row.quantity,
        prices=msgspec.convert(row.prices, tuple[Price, ...]),
        anchor=row.anchor,
        periods=row.periods,
        period=Period(row.period_start, row.period_end),
        later=None if row.later is None else msgspec.convert(row.later, Later),
        status=SubscriptionStatus(row.status),
        revision=row.revision,
    )
