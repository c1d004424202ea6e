"""Reads the configuration: one TOML file, then the environment, then the command line, each later one winning.

Every key is also an environment variable, `MEETINGHOUSE_SECTION__KEY`. Unknown keys, wrong types and dangerous combinations
raise `ConfigError`, whose text names the key and says what to write instead.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec

from meetinghouse.app.settings import (
    DatabaseSettings,
    DataSettings,
    MediaSettings,
    ServerSettings,
    TelemetrySettings,
    TurnSettings,
)
from meetinghouse.billing.settings import BillingSettings
from meetinghouse.brands.settings import BrandingSettings
from meetinghouse.identity.settings import IdentitySettings
from meetinghouse.mail.settings import MailSettings
from meetinghouse.market.settings import MarketSettings
from meetinghouse.meetings.settings import MeetingsSettings
from meetinghouse.notices.settings import NoticesSettings
from meetinghouse.people.settings import PeopleSettings
from meetinghouse.privacy.settings import PrivacySettings
from meetinghouse.regions.settings import RegionSettings
from meetinghouse.security.limits import Limits, Rate

_PREFIX = "MEETINGHOUSE_"
# As in the engine (`sfu_io::pool`): beyond it more are no gain.
_MAX_WORKERS = 64
_PORTS = 65536
_MOST_APPROVALS = 9
_DATABASES = ("sqlite+aiosqlite:///", "postgresql://", "postgresql+asyncpg://")
# Hosts at which browsers give camera and microphone without TLS.
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class ConfigError(Exception):
    """The configuration cannot be used; the text is for the person who wrote it."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The effective configuration."""

    server: ServerSettings = ServerSettings()
    data: DataSettings = DataSettings()
    database: DatabaseSettings = DatabaseSettings()
    media: MediaSettings = MediaSettings()
    turn: TurnSettings = TurnSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    branding: BrandingSettings = BrandingSettings()
    region: RegionSettings = RegionSettings()
    people: PeopleSettings = PeopleSettings()
    identity: IdentitySettings = IdentitySettings()
    market: MarketSettings = MarketSettings()
    mail: MailSettings = MailSettings()
    billing: BillingSettings = BillingSettings()
    notices: NoticesSettings = NoticesSettings()
    meetings: MeetingsSettings = MeetingsSettings()
    privacy: PrivacySettings = PrivacySettings()
    limits: Limits = Limits()

    @property
    def data_directory(self) -> Path:
        """Where everything is kept."""
        return Path(self.data.directory)

    @property
    def database_url(self) -> str:
        """The database's URL; SQLite in the data directory unless another is set."""
        return self.database.url or f"sqlite+aiosqlite:///{self.data_directory / 'meetinghouse.sqlite3'}"


def load_config(
    file: Path | None,
    environment: Mapping[str, str],
    overrides: Mapping[str, Mapping[str, Any]],
    *,
    default_data: str = "",
) -> Config:
    """Put the configuration together and check it.

    Args:
        file: the TOML file, if one is used.
        environment: the process's environment.
        overrides: sections and keys from the command line.
        default_data: the data directory where nothing names one.

    """
    sections: dict[str, dict[str, Any]] = {field.name: {} for field in msgspec.structs.fields(Config)}
    for section, keys in _read_file(file).items():
        if section not in sections:
            raise ConfigError(_unknown("section", f"[{section}]", section, list(sections), str(file)))
        if not isinstance(keys, dict):
            message = f"{section} in {file} is not a section: write a line [{section}] and its keys below."
            raise ConfigError(message)
        for key, value in keys.items():
            sections[section][key] = _convert(section, key, value, f"in {file}")
    for section, key, text in _read_environment(environment, list(sections)):
        where = f"in {_PREFIX}{section.upper()}__{key.upper()}"
        sections[section][key] = _convert(section, key, _from_text(section, key, text), where)
    for section, keys in overrides.items():
        for key, value in keys.items():
            sections[section][key] = _convert(section, key, value, "on the command line")
    sections["data"].setdefault("directory", default_data)
    config = Config(**{name: _section_type(name)(**keys) for name, keys in sections.items()})
    _check(config)
    return config


def show_config(config: Config) -> dict[str, dict[str, Any]]:
    """The effective configuration as plain values, without the secret parts of a database URL."""
    shown: dict[str, dict[str, Any]] = msgspec.to_builtins(config, enc_hook=str)
    for name, rate in shown["limits"].items():
        if isinstance(rate, dict):
            shown["limits"][name] = str(Rate(**rate))
    for key in ("url", "owner_url"):
        scheme, _, rest = shown["database"][key].partition("://")
        if "@" in rest:
            shown["database"][key] = f"{scheme}://…@{rest.rpartition('@')[2]}"
    return shown


def split_listen(text: str) -> tuple[str, int]:
    """`HOST:PORT` or `[V6]:PORT` as its parts.

    Raises:
        ConfigError: it is neither.

    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) >= _PORTS:
        message = f'{text!r} is not an address to listen on: write host and port, such as "127.0.0.1:8080".'
        raise ConfigError(message)
    return host, int(port)


def _read_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        message = f"The configuration {file} cannot be read: {error.strerror}."
        raise ConfigError(message) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"The configuration {file} is not TOML: {error}."
        raise ConfigError(message) from None


def _read_environment(environment: Mapping[str, str], sections: list[str]) -> list[tuple[str, str, str]]:
    found = []
    for name, text in sorted(environment.items()):
        if not name.startswith(_PREFIX):
            continue
        section, divider, key = name.removeprefix(_PREFIX).lower().partition("__")
        if divider and section not in sections:
            raise ConfigError(_unknown("section", name, section, sections, "the environment"))
        if divider:
            found.append((section, key, text))
            continue
        for known in sections:
            if section.startswith(f"{known}_"):
                right = f"{_PREFIX}{known.upper()}__{section.removeprefix(f'{known}_').upper()}"
                message = f"The variable {name} is not known: between section and key write two underscores, {right}."
                raise ConfigError(message)
    return found


def _section_type(section: str) -> Any:  # noqa: ANN401 (one of the section structs)
    return next(field.type for field in msgspec.structs.fields(Config) if field.name == section)


def _field(section: str, key: str, where: str) -> msgspec.structs.FieldInfo:
    fields = {field.name: field for field in msgspec.structs.fields(_section_type(section))}
    if key not in fields:
        raise ConfigError(_unknown("key", f"{section}.{key}", key, list(fields), where.removeprefix("in ")))
    return fields[key]


def _from_text(section: str, key: str, text: str) -> Any:  # noqa: ANN401 (whatever the text says)
    """The value that a variable's text means for this key."""
    wanted = _field(section, key, f"in the environment ({_PREFIX}{section.upper()}__{key.upper()})").type
    if wanted in {str, Rate} or (all(isinstance(choice, str) for choice in get_args(wanted)) and get_args(wanted)):
        return text
    if get_args(wanted) and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _convert(section: str, key: str, value: Any, where: str) -> Any:  # noqa: ANN401 (typed by the field)
    field = _field(section, key, where)
    try:
        if field.type is Rate:
            if not isinstance(value, str):
                raise TypeError('a rate is a text such as "20/10m"')  # noqa: TRY301 (one way to the sentence)
            return Rate.parse(value)
        return msgspec.convert(value, field.type)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        example = str(field.default) if field.type is Rate else field.default
        message = (
            f"{section}.{key} {where} is wrong: {error}. Write for example {key} = {msgspec.json.encode(example).decode()} "
            f"below [{section}], or leave it out."
        )
        raise ConfigError(message) from None


def _unknown(kind: str, shown: str, name: str, known: list[str], where: str) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}."
    return f"The {kind} {shown} in {where} is not known; {advice}"


def _check(config: Config) -> None:
    """Refuse combinations that would start and then harm."""
    split_listen(config.server.listen)
    _check_media(config.media)
    _check_tls(config.server)
    _check_turn(config)
    _check_proxies(config)
    _check_public_url(config.server)
    if not 1 <= config.market.approvals <= _MOST_APPROVALS:
        message = f"market.approvals is {config.market.approvals}: write 1 to {_MOST_APPROVALS}."
        raise ConfigError(message)
    for key, value in (
        ("market.support_hours", config.market.support_hours),
        ("billing.rounds_seconds", config.billing.rounds_seconds),
        ("notices.look_seconds", config.notices.look_seconds),
        ("notices.tries", config.notices.tries),
        ("privacy.rounds_seconds", config.privacy.rounds_seconds),
        ("privacy.rows_at_once", config.privacy.rows_at_once),
        ("identity.timeout_seconds", config.identity.timeout_seconds),
        ("identity.sign_in_seconds", config.identity.sign_in_seconds),
    ):
        if value < 1:
            raise ConfigError(f"{key} is {value}: write 1 or more.")
    if config.mail.host and "@" not in config.mail.sender:
        message = 'mail.host is set but mail.sender is no address: write sender = "meet@example.org" below [mail].'
        raise ConfigError(message)
    if not config.data.directory:
        message = 'data.directory is not set: write directory = "/var/lib/meetinghouse" below [data], or give --data.'
        raise ConfigError(message)
    if config.database.url and not config.database.url.startswith(_DATABASES):
        message = (
            'database.url must begin with "postgresql://" (user, host and name follow) or "sqlite+aiosqlite:///" (a path '
            "follows); leave it out for SQLite in the data directory."
        )
        raise ConfigError(message)
    if config.database.owner_url and not config.database.url.startswith("postgresql"):
        message = "database.owner_url is set but database.url names no PostgreSQL: write both, or take it out."
        raise ConfigError(message)
    if config.database.owner_url and not config.database.owner_url.startswith("postgresql"):
        message = 'database.owner_url must begin with "postgresql://", as database.url does.'
        raise ConfigError(message)


def _check_media(media: MediaSettings) -> None:
    _, port = split_listen(media.listen)
    if not 0 <= media.workers <= _MAX_WORKERS:
        message = f"media.workers is {media.workers}: write 0 for one a core, or 1 to {_MAX_WORKERS}."
        raise ConfigError(message)
    if media.spread_peers < 1:
        raise ConfigError(f"media.spread_peers is {media.spread_peers}: write at least 1.")
    if port + media.workers > _PORTS:
        message = (
            f"media.workers is {media.workers}, but there are no ports after {_PORTS - 1}: each worker has the next port from "
            f"{port} on, so choose a lower one in media.listen."
        )
        raise ConfigError(message)


def _check_tls(server: ServerSettings) -> None:
    files = {"certificate": server.certificate, "key": server.key}
    for key, path in files.items():
        if server.tls == "files" and not path:
            message = f'server.{key} is not set but server.tls is "files": write the PEM file\'s path, or tls = "self_signed".'
            raise ConfigError(message)
        if server.tls == "files" and not Path(path).is_file():
            message = f"server.{key} names {path}, which is no file: write the path of the PEM file."
            raise ConfigError(message)
        if server.tls != "files" and path:
            message = (
                f'server.{key} is set but server.tls is "{server.tls}": write tls = "files", or take the path out.'
            )
            raise ConfigError(message)


def _check_turn(config: Config) -> None:
    turn = config.turn
    for listen in filter(None, (turn.listen, turn.plain_listen)):
        split_listen(listen)
    if not turn.host:
        for key in ("listen", "plain_listen", "certificate", "key", "urls"):
            if getattr(turn, key):
                message = f'turn.{key} is set but turn.host is not: write host = "turn.example.org" below [turn].'
                raise ConfigError(message)
        return
    if config.server.tls == "off" and not turn.plain_listen and not (turn.listen and turn.certificate):
        message = (
            "turn.host is set but TURN has no way in: set server.tls to share its port, or turn.listen with "
            "turn.certificate and turn.key, or turn.plain_listen behind a balancer that ends TLS."
        )
        raise ConfigError(message)
    if bool(turn.certificate) is not bool(turn.key):
        message = "turn.certificate and turn.key belong together: write both PEM files' paths, or neither."
        raise ConfigError(message)
    if not turn.certificate and turn.listen and config.server.tls == "off":
        message = "turn.listen needs a certificate: write turn.certificate and turn.key, or use turn.plain_listen."
        raise ConfigError(message)
    own = config.server.public_url and urlsplit(config.server.public_url).hostname
    if own == turn.host and not turn.listen and not turn.plain_listen:
        message = (
            f"turn.host is {turn.host}, which is the web's own name, so that on one port nobody can tell them apart: give "
            "TURN another name, or a port of its own with turn.listen."
        )
        raise ConfigError(message)


def _check_proxies(config: Config) -> None:
    lists = {
        "server.trusted_proxies": config.server.trusted_proxies,
        "telemetry.metrics_networks": config.telemetry.metrics_networks,
        "notices.networks": config.notices.networks,
        "identity.networks": config.identity.networks,
    }
    for key, networks in lists.items():
        for network in networks:
            try:
                parsed = ip_network(network, strict=False)
            except ValueError:
                message = f'{key} holds {network!r}, which is no address or network: write for example "10.0.0.0/8".'
                raise ConfigError(message) from None
            if key == "server.trusted_proxies" and parsed.prefixlen == 0:
                message = (
                    f"server.trusted_proxies holds {network}, so that anybody could forge their address and pass every rate "
                    "limit: write the addresses of your proxies only."
                )
                raise ConfigError(message)


def _check_public_url(server: ServerSettings) -> None:
    if not server.public_url:
        return
    parts = urlsplit(server.public_url)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        message = f'server.public_url is {server.public_url!r}: write scheme and host only, such as "https://meet.example.org".'
        raise ConfigError(message)
    if parts.scheme == "http" and parts.hostname not in _LOCAL_HOSTS:
        message = (
            f"server.public_url is {server.public_url}: without TLS browsers give no camera and passwords travel readable. "
            "Write https://…, with server.tls or a proxy that ends TLS."
        )
        raise ConfigError(message)
    if parts.scheme == "https" and server.tls == "off" and not server.trusted_proxies:
        message = (
            'server.public_url is https but server.tls is "off": write tls = "self_signed" or "files", or name the proxy that '
            "ends TLS in server.trusted_proxies."
        )
        raise ConfigError(message)
    if parts.scheme == "http" and server.tls != "off":
        message = f'server.public_url is http but server.tls is "{server.tls}": write https in the URL.'
        raise ConfigError(message)
