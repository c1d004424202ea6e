"""Certificates that change while the server runs, as those of ACME do every few weeks: new ones are used without a restart."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

_log = structlog.get_logger(__name__)

# Between two looks: a client meets the old certificate for so long. Who renews has weeks left, so more would do as well.
LOOK_SECONDS = 60.0


class Certificate:
    """Two files, and what is to use them."""

    def __init__(self, certificate: str, key: str, use: Callable[[], None]) -> None:
        """`use` has used them as they are now; it raises `OSError`, `ssl.SSLError` or `ValueError` for what cannot be used."""
        self._files = (Path(certificate), Path(key))
        self._use = use
        self._used = self._state()

    def look(self) -> None:
        """Use the files if they are others than before. Files that do not fit each other are tried again at the next look."""
        state = self._state()
        if state == self._used:
            return
        try:
            self._use()
        except (OSError, ValueError) as error:
            # Half of a renewal, or a mistake: people are served with what there was.
            _log.warning("certificate_not_renewed", certificate=str(self._files[0]), error=str(error))
            return
        self._used = state
        _log.info("certificate_renewed", certificate=str(self._files[0]))

    def _state(self) -> list[Any]:
        # The name may be a link whose target changes.
        return [(status.st_ino, status.st_mtime_ns, status.st_size) for status in map(_status, self._files) if status]


def https_certificate(files: tuple[str, str], context: ssl.SSLContext) -> Certificate:
    """That of HTTPS, whose handshakes from now on are made with it."""

    def use() -> None:
        # Tried on another context first: this one would be left with the certificate of one pair and the key of another.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*files)
        context.load_cert_chain(*files)

    return Certificate(*files, use)


async def keep_renewing(certificates: list[Certificate]) -> None:
    """Look from time to time, until cancelled."""
    while certificates:
        await asyncio.sleep(LOOK_SECONDS)
        for certificate in certificates:
            certificate.look()


def _status(path: Path) -> Any:  # noqa: ANN401 (os.stat_result or nothing)
    try:
        return path.stat()
    except OSError:
        return None
