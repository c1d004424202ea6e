"""Brings the schema up to date with the revisions in `migrations/versions`, inside the caller's transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaTooNewError(Exception):
    """The database was written by a later version of the program."""


def newest_revision() -> str:
    """The revision that this program works with."""
    return _known()[-1]


def revision_of(connection: Connection) -> str | None:
    """The revision that a database is at; none where nothing has been made yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection, target: str | None = None) -> None:
    """Run the revisions that are missing, up to `target` or to the newest.

    Alembic costs a third of a second to import, so that it is loaded only when there is something to do. Revisions are
    numbered `0001_…` in one line; the last file is the newest.
    """
    known = _known()
    current = revision_of(connection)
    target = target or newest_revision()
    if current == target:
        return
    unknown = next((one for one in (current, target) if one is not None and one not in known), None)
    if unknown is not None:
        message = (
            f"The database is at revision {unknown}, which this version of Meetinghouse does not know. "
            "Run the version that wrote it, or a later one."
        )
        raise SchemaTooNewError(message)
    _run(connection, target)


def _known() -> list[str]:
    return sorted(path.stem for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _run(connection: Connection, target: str) -> None:
    from alembic import command  # noqa: PLC0415 (dear, and seldom needed: see `upgrade`)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
