"""A mail as it is written down and as it goes out (RFC 5322). What would end a header's line early is refused."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from msgspec import Struct

# Of a subject, which programs cut anyway.
_SUBJECT_CHARACTERS = 200


class Mail(Struct, frozen=True):
    """What is said to whom."""

    to: str
    subject: str
    body: str
    # The tenant whose brand it is sent under, and the language it is written in. None: the installation's own.
    sent_for: str | None = None
    language: str | None = None


class Sender(Struct, frozen=True):
    """Whom a mail comes from: a name, an address, and what stands at its end."""

    name: str
    address: str
    footer: str = ""


class UnsendableError(Exception):
    """A mail that cannot be: the text says why."""


def check_mail(mail: Mail) -> None:
    """Whether a mail can be sent: one address, and no header in its fields.

    Raises:
        UnsendableError: it cannot.

    """
    for field in (mail.to, mail.subject):
        if any(ord(character) < 32 or ord(character) == 127 for character in field):  # noqa: PLR2004 (control characters)
            raise UnsendableError("An address or a subject holds a line break or another control character.")
    try:
        Address(addr_spec=mail.to)
    except (ValueError, IndexError) as error:
        raise UnsendableError(f"{mail.to!r} is not one email address.") from error


def message_of(mail: Mail, mail_id: str, sender: Sender, at: datetime) -> EmailMessage:
    """The message; each try of the same mail has the same Message-ID, by which a mailbox knows what it has.

    Raises:
        UnsendableError: as `check_mail`.

    """
    check_mail(mail)
    message = EmailMessage()
    message["From"] = _from(sender)
    message["To"] = mail.to
    message["Subject"] = mail.subject[:_SUBJECT_CHARACTERS]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail_id}@{sender.address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    # RFC 3676 §4.3: two dashes and a space, by which programs know where the letter ends.
    footer = f"\n-- \n{sender.footer}\n" if sender.footer else ""
    message.set_content(mail.body + footer)
    return message


def _from(sender: Sender) -> Address:
    try:
        return Address(display_name=sender.name, addr_spec=sender.address)
    except (ValueError, IndexError) as error:
        raise UnsendableError(f"{sender.address!r} is not one email address to send from.") from error
