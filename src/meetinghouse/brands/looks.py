"""Whether a brand can be as it was asked for, before it is kept."""

from __future__ import annotations

import unicodedata
from email.headerregistry import Address
from urllib.parse import urlsplit

from msgspec.structs import replace

from meetinghouse.brands.colours import check_colour
from meetinghouse.brands.model import Link, Look
from meetinghouse.people.rules import clean_email
from meetinghouse.security.names import clean_name
from meetinghouse.security.refusal import Refusal

LANGUAGES = ("en", "zh-CN", "zh-TW")
_SCHEMES = ("https", "http")


def check_look(asked: Look) -> Look:
    """The brand with its fields in their one spelling.

    Raises:
        Refusal: 422 with the field and what to write.

    """
    return replace(
        asked,
        name=_line("name", asked.name),
        accent=check_colour(asked.accent, "accent"),
        accent_dark=None if asked.accent_dark is None else check_colour(asked.accent_dark, "accent_dark"),
        support_email=_email("support_email", asked.support_email),
        support_url=_url("support_url", asked.support_url) if asked.support_url else None,
        links=tuple(Link(_line("links", one.label), _url("links", one.url)) for one in asked.links),
        mail_name=_line("mail_name", asked.mail_name) if asked.mail_name else None,
        mail_address=_email("mail_address", asked.mail_address),
        mail_footer=_texts(asked.mail_footer),
    )


def _line(field: str, text: str) -> str:
    """One line that can be shown. A line break in it would begin another header of a mail: refused, not mended."""
    if _breaks(text):
        code = "invalid_mail_sender" if field == "mail_name" else "invalid_text"
        raise Refusal(422, code, f"{field} holds a line break or another character that cannot be shown: leave it out.")
    cleaned = clean_name(text)
    if not cleaned:
        raise Refusal(422, "name_missing", f"{field}: give a text that can be shown.")
    return cleaned


def _email(field: str, text: str | None) -> str | None:
    if not text:
        return None
    try:
        if _breaks(text):
            raise ValueError(text)  # noqa: TRY301 (as the parser would)
        return Address(addr_spec=clean_email(text)).addr_spec
    except (ValueError, IndexError, Refusal):
        code = "invalid_mail_sender" if field == "mail_address" else "invalid_email"
        raise Refusal(422, code, f"{field}: {text!r} is not one email address.") from None


def _url(field: str, text: str) -> str:
    """An address that a person can follow, and that carries nothing but itself."""
    try:
        parts = urlsplit(text.strip())
        _ = parts.port
    except ValueError:
        parts = None
    if (
        parts is None
        or parts.scheme not in _SCHEMES
        or not parts.hostname
        or parts.username is not None
        or _breaks(text.strip())
        or any(character in text.strip() for character in " <>\"'\\`")
    ):
        raise Refusal(422, "invalid_link", f"{field}: {text!r} is no web address: write https:// and a host name.")
    return text.strip()


def _breaks(text: str) -> bool:
    """Whether a line is none: it holds a line or paragraph break or another control character."""
    return any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text)


def _texts(texts: dict[str, str]) -> dict[str, str]:
    for language, text in texts.items():
        if language not in LANGUAGES:
            raise Refusal(422, "invalid_text", f"mail_footer: {language!r} is none of {', '.join(LANGUAGES)}.")
        if any(_breaks(line) for line in text.splitlines()):
            raise Refusal(422, "invalid_text", f"mail_footer: the text for {language} holds a control character.")
    return {language: "\n".join(text.strip().splitlines()) for language, text in texts.items() if text.strip()}
