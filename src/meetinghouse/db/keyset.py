"""Pages of a table in an order that a reader chose: each begins after the last row of the one before."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, literal, tuple_

from meetinghouse.security.refusal import Refusal


class Order(msgspec.Struct, frozen=True, eq=False):
    """By `column`, then by `key`, which is unique; both are text and never null."""

    name: str
    column: ColumnElement[str]
    key: ColumnElement[str]
    descending: bool


def order_of(sort: str, columns: Mapping[str, ColumnElement[str]], key: ColumnElement[str]) -> Order:
    """`name`, or `-name` for the greatest first.

    Raises:
        Refusal: 422 `invalid_sort`.

    """
    name = sort.removeprefix("-")
    if name not in columns:
        raise Refusal(422, "invalid_sort", f"Sort by one of {', '.join(columns)}, with a - before it for the reverse.")
    return Order(name, columns[name], key, sort.startswith("-"))


def page(query: Select[Any], order: Order, cursor: str, limit: int) -> Select[Any]:
    """The part of a query's rows that follows `cursor` (empty: from the first).

    Raises:
        Refusal: 422 `invalid_cursor`.

    """
    pair = tuple_(order.column, order.key)
    if cursor:
        value, key = _read(cursor, order)
        last = tuple_(literal(value), literal(key))
        query = query.where(pair < last if order.descending else pair > last)
    columns = (order.column, order.key)
    return query.order_by(*(one.desc() if order.descending else one.asc() for one in columns)).limit(limit)


def cursor_of(order: Order, value: str, key: str) -> str:
    """The cursor of the page that follows a row."""
    return base64.urlsafe_b64encode(msgspec.json.encode([order.name, value, key])).decode().rstrip("=")


def _read(cursor: str, order: Order) -> tuple[str, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        name, value, key = msgspec.json.decode(text, type=tuple[str, str, str])
    except (msgspec.DecodeError, ValueError):
        name = ""
    if name != order.name:
        raise Refusal(422, "invalid_cursor", "This is not a cursor of this list: begin again without one.")
    return value, key
