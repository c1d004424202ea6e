"""Filters of SCIM as conditions of SQL (RFC 7644 §3.4.2.2): comparisons of a few attributes, with `and`, `or`, `not`."""

from __future__ import annotations

from typing import Any

from scim2_models import EnterpriseUser, Group, InvalidFilterException, ScimFilter, User
from scim2_models.path.expressions import Comparison, FilterNode, LogicalExpr, LogicalOperator, Not, Present
from sqlalchemy import Column, ColumnElement, and_, func, not_, or_, true

from meetinghouse.identity.scim_tables import groups
from meetinghouse.people.model import Status
from meetinghouse.people.tables import members

_ACTIVE = "active"
# Attributes of users and groups that can be asked for, in lower case since attribute names know no case.
_USERS: dict[str, Column[Any]] = {
    "id": members.c.id,
    "externalid": members.c.external_id,
    "username": members.c.email,
    "emails.value": members.c.email,
    "emails": members.c.email,
    "displayname": members.c.name,
    "name.formatted": members.c.name,
}
_GROUPS: dict[str, Column[Any]] = {
    "id": groups.c.id,
    "externalid": groups.c.external_id,
    "displayname": groups.c.name,
}
# `userName` and `displayName` do not look at case, ids do.
_EXACT = ("id", "externalid")
_MOST_CHARACTERS = 2000


def users_wanted(text: str) -> ColumnElement[bool]:
    """Which members a filter wants; all without one.

    Raises:
        InvalidFilterException: it cannot be read, or asks for what is not looked for here.

    """
    return true() if not text else _condition(ScimFilter[User[EnterpriseUser]](_bounded(text)).ast, _USERS)


def groups_wanted(text: str) -> ColumnElement[bool]:
    """The same of groups."""
    return true() if not text else _condition(ScimFilter[Group](_bounded(text)).ast, _GROUPS)


def _bounded(text: str) -> str:
    if len(text) > _MOST_CHARACTERS:
        raise InvalidFilterException(detail="The filter is too long.")
    return text


def _condition(node: FilterNode, columns: dict[str, Column[Any]]) -> ColumnElement[bool]:
    if isinstance(node, LogicalExpr):
        join = and_ if node.op is LogicalOperator.and_ else or_
        return join(*(_condition(term, columns) for term in node.terms))
    if isinstance(node, Not):
        return not_(_condition(node.expr, columns))
    if isinstance(node, (Comparison, Present)):
        path = node.attr_path
        name = ".".join(part for part in (path.attr, path.sub_attr) if part).lower()
        if name == _ACTIVE and columns is _USERS:
            return _active(node)
        if name in columns:
            return _compared(node, columns[name], is_exact=name in _EXACT)
    raise InvalidFilterException(detail=f"This server does not filter by {str(node)[:100]!r}.")


def _active(node: Comparison | Present) -> ColumnElement[bool]:
    if isinstance(node, Present):
        return true()
    if node.op not in {"eq", "ne"} or not isinstance(node.value, bool):
        raise InvalidFilterException(detail="Compare active by eq with true or false.")
    is_active = members.c.status != Status.DISABLED
    return is_active if node.value is (node.op == "eq") else not_(is_active)


def _compared(node: Comparison | Present, column: Column[Any], *, is_exact: bool) -> ColumnElement[bool]:
    if isinstance(node, Present):
        return column.is_not(None)
    if not isinstance(node.value, str):
        raise InvalidFilterException(detail="Compare it with a text.")
    value = node.value if is_exact else node.value.lower()
    kept: ColumnElement[Any] = column if is_exact else func.lower(column)
    match str(node.op):
        case "eq":
            return kept == value
        case "ne":
            return or_(kept != value, column.is_(None))
        case "co":
            return kept.contains(value, autoescape=True)
        case "sw":
            return kept.startswith(value, autoescape=True)
        case "ew":
            return kept.endswith(value, autoescape=True)
    raise InvalidFilterException(detail=f"This server does not compare by {node.op}.")
