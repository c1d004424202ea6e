"""Brings the schema up to date with the revisions in `migrations/versions`, inside the caller's transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaTooNewError(Exception):
    """The database was written by a later version of the program."""


def upgrade(connection: Connection) -> None:
    """Run the revisions that are missing.

    Alembic costs a third of a second to import, so that it is loaded only when there is something to do. Revisions are
    numbered `0001_…` in one line; the last file is the newest.
    """
    known = sorted(path.stem for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    current = _current(connection)
    if current == known[-1]:
        return
    if current is not None and current not in known:
        message = (
            f"The database is at revision {current}, which this version of Meetinghouse does not know. "
            "Run the version that wrote it, or a later one."
        )
        raise SchemaTooNewError(message)
    _run(connection)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _run(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (dear, and seldom needed: see `upgrade`)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
