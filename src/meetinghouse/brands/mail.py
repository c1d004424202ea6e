"""Under whose name mail goes out."""

from __future__ import annotations

from meetinghouse.brands.resolution import Brands
from meetinghouse.mail.message import Mail, Sender
from meetinghouse.mail.settings import MailSettings


async def sender_of(brands: Brands, settings: MailSettings, mail: Mail) -> Sender:
    """The sender of a mail: the brand of whom it is sent for, found now."""
    if mail.sent_for is None:
        return Sender("", settings.sender)
    look = (await brands.shown_of(mail.sent_for)).look
    footer = look.mail_footer.get(mail.language or "en") or next(iter(look.mail_footer.values()), "")
    return Sender(look.mail_name or look.name, look.mail_address or settings.sender, footer)
