"""From the configuration to a running TURN server and what clients are told of it."""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

from meetinghouse.app.config import Config
from meetinghouse.media._native import TurnConfig
from meetinghouse.media.engine import MediaEngine
from meetinghouse.media.ice import IceServers
from meetinghouse.media.turn import Turn
from meetinghouse.security.keyring import Keyring

_HTTPS_PORT = 443


def start_turn(
    config: Config,
    public_url: str,
    engine: MediaEngine,
    keys: Keyring,
    listener: socket.socket,
    files: tuple[str, str] | None,
) -> tuple[Turn | None, IceServers]:
    """Start TURN as it is configured.

    Args:
        config: the whole configuration.
        public_url: where people reach the server.
        engine: whose media addresses are relayed to.
        keys: what the secret of the credentials is made from.
        listener: HTTPS's own socket, which TURN shares unless it has a port of its own.
        files: certificate and key of HTTPS.

    Raises:
        OSError: it cannot listen.
        ValueError: an address or the certificate cannot be used.

    """
    turn = config.turn
    if not turn.host:
        return None, IceServers.none()
    shares = shares_port(config)
    certificate, key = certificate_files(config, files) or ("", "")
    secret = keys.mark("turn", "").hex()
    server = Turn(
        TurnConfig(
            listen=turn.listen,
            plain_listen=turn.plain_listen,
            shared_fd=os.dup(listener.fileno()) if shares else None,
            host=turn.host,
            certificate=certificate,
            key=key,
            realm=turn.host,
            secret=secret,
            routes=engine.media_routes,
            allocations=config.limits.turn_allocations,
            allocations_per_participant=config.limits.turn_allocations_per_participant,
            lifetime_seconds=turn.lifetime_seconds,
        )
    )
    urls = turn.urls or _urls(config, public_url, server.ports, listener.getsockname()[1])
    return server, IceServers(urls, secret, turn.credential_seconds)


def certificate_files(config: Config, files: tuple[str, str] | None) -> tuple[str, str] | None:
    """Certificate and key of TURN, where it has TLS: its own, or `files` of HTTPS."""
    turn = config.turn
    if not turn.listen and not shares_port(config):
        return None
    return (turn.certificate, turn.key) if turn.certificate else files


def shares_port(config: Config) -> bool:
    """Whether TURN is told from HTTPS on HTTPS's own port."""
    return bool(config.turn.host) and not config.turn.listen and config.server.tls != "off"


def _urls(config: Config, public_url: str, ports: list[int], https_port: int) -> tuple[str, ...]:
    turn = config.turn
    waiting = list(ports)
    urls = []
    if turn.listen:
        urls.append(f"turns:{turn.host}:{waiting.pop(0)}?transport=tcp")
    elif shares_port(config):
        port = (urlsplit(public_url).port or _HTTPS_PORT) if config.server.public_url else https_port
        urls.append(f"turns:{turn.host}:{port}?transport=tcp")
    if turn.plain_listen:
        urls.append(f"turn:{turn.host}:{waiting.pop(0)}?transport=tcp")
    return tuple(urls)
