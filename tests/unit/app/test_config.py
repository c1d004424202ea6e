"""The configuration: what is understood, and the sentences for what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from meetinghouse.app.config import Config, ConfigError, load_config
from meetinghouse.security.limits import Rate


def _load(
    tmp_path: Path, text: str = "", environment: dict[str, str] | None = None, **sections: dict[str, Any]
) -> Config:
    file = tmp_path / "meetinghouse.toml"
    file.write_text(text)
    return load_config(file, environment or {}, sections, default_data=str(tmp_path / "data"))


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    text = '[server]\nlisten = "127.0.0.1:1"\n[branding]\nname = "File"\n[limits]\nlist_items = 7\n'
    environment = {"MEETINGHOUSE_SERVER__LISTEN": "127.0.0.1:2", "MEETINGHOUSE_BRANDING__NAME": "2020"}
    config = _load(tmp_path, text, environment, server={"listen": "127.0.0.1:3"})
    assert config.server.listen == "127.0.0.1:3"
    assert config.branding.name == "2020"
    assert config.limits.list_items == 7


def test_every_type_can_come_from_the_environment(tmp_path: Path) -> None:
    environment = {
        "MEETINGHOUSE_SERVER__TRUSTED_PROXIES": "10.0.0.0/8, 192.168.0.1",
        "MEETINGHOUSE_MEDIA__ADVERTISE": '["203.0.113.5:10000"]',
        "MEETINGHOUSE_LIMITS__CHAT_MESSAGES": "5/1m",
        "MEETINGHOUSE_LIMITS__BODY_BYTES": "1000",
        "MEETINGHOUSE_MEDIA__ENGINE": "fake",
        "MEETINGHOUSE_TOKEN": "kept for commands",
        "MEETINGHOUSE_DATA": "read elsewhere",
    }
    config = _load(tmp_path, environment=environment)
    assert config.server.trusted_proxies == ("10.0.0.0/8", "192.168.0.1")
    assert config.media.advertise == ("203.0.113.5:10000",)
    assert config.media.engine == "fake"
    assert config.limits.chat_messages == Rate(5, 60)
    assert config.limits.body_bytes == 1000


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[server", ["not TOML"]),
        ("[serve]\n", ["[serve]", "did you mean server?"]),
        ("server = 1\n", ["server", "not a section", "[server]"]),
        ("[server]\nlisen = 'x'\n", ["server.lisen", "did you mean listen?"]),
        ("[server]\nlisten = 8080\n", ["server.listen", "Expected `str`", "Write for example"]),
        ("[server]\nlisten = '8080'\n", ["not an address to listen on", "127.0.0.1:8080"]),
        ("[limits]\nchat_messages = 'often'\n", ["limits.chat_messages", "20/10m"]),
        ("[limits]\nchat_messages = 5\n", ["limits.chat_messages", "20/10m"]),
        ("[media]\nengine = 'other'\n", ["media.engine", "other"]),
        ("[media]\nworkers = 65\n", ["media.workers", "1 to 64"]),
        ("[media]\nspread_peers = 0\n", ["media.spread_peers", "at least 1"]),
        ("[media]\nworkers = -1\n", ["media.workers", "0 for one a core"]),
        ("[media]\nworkers = 2\nlisten = '0.0.0.0:65535'\n", ["media.workers", "65535", "media.listen"]),
        ("[server]\ntls = 'files'\n", ["server.certificate", "self_signed"]),
        ("[server]\ncertificate = 'x.pem'\n", ["server.certificate", 'tls = "files"']),
        ("[server]\npublic_url = 'http://meet.example.org'\n", ["server.public_url", "https"]),
        ("[turn]\nlisten = '0.0.0.0:443'\n", ["turn.listen", "turn.host"]),
        ("[turn]\nhost = 'turn.example.org'\n", ["turn.host", "server.tls", "turn.plain_listen"]),
        ("[turn]\nhost = 'turn.example.org'\nlisten = '0.0.0.0:443'\n", ["turn.host", "turn.certificate"]),
        (
            "[server]\ntls = 'self_signed'\npublic_url = 'https://meet.example.org'\n[turn]\nhost = 'meet.example.org'\n",
            ["turn.host", "another name", "turn.listen"],
        ),
        ("[server]\npublic_url = 'https://meet.example.org'\n", ["server.tls", "trusted_proxies"]),
        ("[server]\npublic_url = 'https://meet.example.org/path'\n", ["server.public_url", "host only"]),
        ("[server]\npublic_url = 'http://localhost:8080'\ntls = 'self_signed'\n", ["server.public_url", "https"]),
        ("[server]\ntrusted_proxies = ['0.0.0.0/0']\n", ["server.trusted_proxies", "forge"]),
        ("[server]\ntrusted_proxies = ['proxy']\n", ["server.trusted_proxies", "10.0.0.0/8"]),
        ("[telemetry]\nmetrics_networks = ['x']\n", ["telemetry.metrics_networks"]),
        ("[database]\nurl = 'mysql://a:hunter2@b/c'\n", ["database.url", "postgresql://"]),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        _load(tmp_path, text)
    for part in parts:
        assert part in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("MEETINGHOUSE_SERVER__LISEN", "x", ["server.lisen", "did you mean listen?"]),
        ("MEETINGHOUSE_SERVR__LISTEN", "x", ["MEETINGHOUSE_SERVR__LISTEN", "did you mean server?"]),
        ("MEETINGHOUSE_SERVER_LISTEN", "x", ["two underscores", "MEETINGHOUSE_SERVER__LISTEN"]),
        ("MEETINGHOUSE_LIMITS__BODY_BYTES", "many", ["limits.body_bytes", "Expected `int`"]),
    ],
)
def test_what_is_wrong_in_the_environment_is_named_as_well(
    tmp_path: Path, name: str, value: str, parts: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        _load(tmp_path, environment={name: value})
    for part in parts:
        assert part in str(refused.value)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "absent.toml", {}, {})


def test_every_key_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "operate" / "configure.md").read_text("utf-8")
    for section in msgspec.structs.fields(Config):
        for key in msgspec.structs.fields(section.type):
            assert f"`{key.name}`" in page or f"`{section.name}.{key.name}`" in page, f"{section.name}.{key.name}"
