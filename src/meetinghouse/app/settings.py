"""The sections of the configuration that belong to no feature."""

from __future__ import annotations

from typing import Literal

import msgspec

from meetinghouse.db.durability import Synchronous


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the TOML file."""


class ServerSettings(Section, frozen=True, kw_only=True):
    """Where the web is served."""

    # Port 0 is any free port.
    listen: str = "localhost:8080"
    # What people type; needed behind a proxy and on any host but this machine. Empty: derived from `listen`.
    public_url: str = ""
    tls: Literal["off", "self_signed", "files"] = "off"
    certificate: str = ""
    key: str = ""
    # Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
    trusted_proxies: tuple[str, ...] = ()
    # Seconds that requests in flight get at the end.
    shutdown_seconds: int = 5


class DataSettings(Section, frozen=True, kw_only=True):
    """Where everything is kept."""

    directory: str = ""


class DatabaseSettings(Section, frozen=True, kw_only=True):
    """The database."""

    # Empty: SQLite in the data directory.
    url: str = ""
    # PostgreSQL by the role that owns the tables, for the schema, where that of `url` does not. Empty: `url`.
    owner_url: str = ""
    synchronous: Synchronous = "full"


class MediaSettings(Section, frozen=True, kw_only=True):
    """The media engine."""

    # `fake` answers without media: for tests and for load on the control plane.
    engine: Literal["native", "fake"] = "native"
    # UDP, and TCP beside it; port 0 is any free port. Each worker after the first has the next port.
    listen: str = "0.0.0.0:10000"
    # Threads that forward media; 0 is one for each core that this process may use.
    workers: int = 0
    # People of one meeting on a worker, before others of it are placed on another one.
    spread_peers: int = 200
    # Whether clients may connect by TCP to the same port numbers, where a network takes no UDP.
    tcp: bool = True
    # What clients are told, where the machine's own addresses are not reachable (NAT): "ip" or "ip:port", the first worker's.
    advertise: tuple[str, ...] = ()
    statistics_interval_ms: int = 2000


class TurnSettings(Section, frozen=True, kw_only=True):
    """TURN over TLS, for people whose network passes nothing else."""

    # The name by which clients reach it; on a port shared with HTTPS it is how it is told from that. Empty: no TURN.
    host: str = ""
    # A port of its own for TLS; empty: the port of `server.listen` is shared, if that has TLS.
    listen: str = ""
    # TURN without TLS, for a balancer that ends TLS, and for tests.
    plain_listen: str = ""
    # PEM files for `host`; empty: those of the web server, which then have to cover both names.
    certificate: str = ""
    key: str = ""
    # What clients are told; empty: made from the above.
    urls: tuple[str, ...] = ()
    # How long credentials are good for beginning; clients in a meeting get new ones in time.
    credential_seconds: int = 300
    # How long an unused relayed address is kept for who is gone without a word.
    lifetime_seconds: int = 3600


class TelemetrySettings(Section, frozen=True, kw_only=True):
    """Logs and metrics."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    # Who may read /metrics; a token with the scope `node` may from anywhere.
    metrics_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
