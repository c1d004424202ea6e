"""Sends what is in the outbox by SMTP: each mail until it is taken, later and later, or given up."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from meetinghouse.db.clock import Clock
from meetinghouse.db.engine import Database
from meetinghouse.db.tenancy import Across
from meetinghouse.mail import tables
from meetinghouse.mail.message import Mail, Sender, UnsendableError, message_of
from meetinghouse.mail.settings import MailSettings

_AT_ONCE = 20
_LONGEST_WAIT = timedelta(hours=6)

_log = structlog.get_logger(__name__)


class MailSender:
    """What a server mails while it runs. A mail that was taken just before a crash is sent once more, with the same id."""

    def __init__(
        self, db: Database, clock: Clock, settings: MailSettings, sender_of: Callable[[Mail], Awaitable[Sender]]
    ) -> None:
        """Nothing is sent yet. `sender_of` says under whose name a mail goes out."""
        self._sender_of = sender_of
        self._db = db
        self._clock = clock
        self._settings = settings
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send, if there is a mail server."""
        if self._settings.host:
            self._task = asyncio.create_task(self._run(), name="mail")

    async def stop(self) -> None:
        """End; what is under way is sent again by the next server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def send_due(self) -> int:
        """Try once what is due; gives how many were tried."""
        async with self._db.read(Across.NOTICES) as connection:
            found = await tables.due(connection, self._clock.now(), _AT_ONCE)
        for one in found:
            await self._send(one)
        return len(found)

    async def _run(self) -> None:
        while True:
            try:
                tried = await self.send_due()
            except Exception:  # noqa: BLE001 (logged; the loop must go on)
                _log.exception("mail_failed")
                tried = 0
            if not tried:
                await asyncio.sleep(self._settings.look_seconds)

    async def _send(self, one: tables.Waiting) -> None:
        now = self._clock.now()
        try:
            await asyncio.to_thread(self._speak, one, await self._sender_of(one.mail), now)
        except UnsendableError as error:
            await self._note(one, str(error), None)
        except (smtplib.SMTPException, OSError) as error:
            await self._note(one, type(error).__name__, self._next_try(one.tries, now))
        else:
            async with self._db.write(Across.NOTICES) as write:
                await tables.note_sent(write.connection, one.id, now)

    async def _note(self, one: tables.Waiting, error: str, next_at: datetime | None) -> None:
        _log.warning("mail_not_sent", mail=one.id, tries=one.tries + 1, given_up=next_at is None, error=error)
        async with self._db.write(Across.NOTICES) as write:
            await tables.note_failed(write.connection, one.id, error, next_at)

    def _next_try(self, failed_before: int, now: datetime) -> datetime | None:
        if failed_before + 1 >= self._settings.tries:
            return None
        return now + min(_LONGEST_WAIT, timedelta(seconds=self._settings.retry_seconds * 2**failed_before))

    def _speak(self, one: tables.Waiting, sender: Sender, now: datetime) -> None:
        settings = self._settings
        message = message_of(one.mail, one.id, sender, now)
        context = ssl.create_default_context()
        if settings.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout_seconds, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)
        with server:
            if settings.tls == "starttls":
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, Path(settings.password_file).read_text("utf-8").strip())
            server.send_message(message)
