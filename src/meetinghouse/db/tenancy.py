"""Whose rows a transaction or a reader works on: one tenant's, or, for a reason with a name, everybody's.

On PostgreSQL the database itself holds what is said here (row-level security): a query that forgets its tenant finds nothing of
another one. SQLite has no such thing and takes the same words. `docs/decisions/0020-tenants-apart.md` says why it is so.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from sqlalchemy import Connection, text

# Under which key of a connection's `info` the reach stands that its next statements get.
REACH = "meetinghouse_reach"
# The setting of the database that the policies read. Nothing set: no rows.
SETTING = "meetinghouse.tenant"
EVERYBODY = "*"

_POLICY = "tenant"
# Companies that everybody's plans and rules refer to: their `tenant_id` is where their staff is at home, not whose row it is.
_SHARED = ("operators", "partners")
# Tables with rows of tenants that are not under the policy, and the column that says whose a row is.
_BARE = text(f"""
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND c.relname NOT IN {_SHARED} AND a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity
               AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = '{_POLICY}'))
    ORDER BY 1
""")  # noqa: S608 (constants)
_SHUT = text("""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT has_table_privilege(:role, c.oid, 'INSERT')
    ORDER BY 1
""")


class Across(Enum):
    """Why something works on the rows of more than one tenant. Each use is one to justify: grep for `Across`."""

    # Nobody is known yet: an email, a cookie, a token, a passkey or a one-time link says who it is.
    SIGN_IN = "sign-in"
    # A link, a number or a participant's secret leads to a meeting, whosever it is.
    JOIN = "join"
    # What goes on in this process: sessions after a restart, the journal and the measurements that all of them share.
    SESSIONS = "sessions"
    # The operator, on the machine itself or in the console.
    OPERATOR = "operator"
    # Prices, orders, usage and statements along the chain of partners, each of whom has several tenants.
    CHANNEL = "channel"
    # A host name or a tenant leads to a brand: its own, or that of a partner above it.
    BRANDS = "brands"
    # What waits to be sent, to whomever.
    NOTICES = "notices"
    # Rows that belong to no tenant, such as kept answers.
    NOBODYS = "nobodys"
    # The schema, backups, and what time deletes.
    UPKEEP = "upkeep"


Reach: TypeAlias = str | Across


def shown(reach: Reach) -> str:
    """What the setting says. A tenant's id never is `EVERYBODY`: ids are letters and digits."""
    return EVERYBODY if isinstance(reach, Across) else reach


def keep_apart(connection: Connection, role: str | None) -> None:
    """Put every table with rows of tenants under the policy, and let `role` work on all tables, where that is not so yet.

    Run after the migrations, so that none of them has to think of it. `FORCE`: the tables' owner is bound as well.
    """
    if connection.dialect.name != "postgresql":
        return
    for table, column in connection.execute(_BARE).all():
        allows = f"current_setting('{SETTING}', true) IN ({column}, '{EVERYBODY}')"
        for statement in (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS {_POLICY} ON {table}",
            f"CREATE POLICY {_POLICY} ON {table} USING ({allows})",
        ):
            connection.exec_driver_sql(statement)
    if role is None:
        return
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    for (table,) in connection.execute(_SHUT, {"role": role}).all():
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {quoted}")
