"""What an operator may set about how long data are kept; two kinds have their key beside what makes them."""

from __future__ import annotations

import msgspec


class PrivacySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `privacy`. Days of 0 mean: for as long as there is what it belongs to."""

    # Who was in a meeting, guests included, and what was written there, after it ended.
    history_days: int = 0
    # Notices to other systems that were taken or given up, and mails that were sent or given up.
    outbox_days: int = 366
    mail_days: int = 90
    # Between two rounds that delete what is over, and rows of one transaction: more make others wait longer.
    rounds_seconds: int = 3_600
    rows_at_once: int = 500
