"""What an operator may set about billing."""

from __future__ import annotations

import msgspec


class BillingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `billing`."""

    # Prices of one book. More take longer to publish than an HTTP client waits.
    book_prices: int = 10_000
    # The plan that a tenant has when its last subscription has ended.
    ended_plan: str = "standard"
    # A file of payments is read as it comes: this bounds how long one request may go on, a line what is kept of it in memory.
    payments_bytes: int = 268_435_456
    payment_line_bytes: int = 4_000
    # Wrong lines that one answer names; more are counted.
    payment_faults: int = 1_000
    # How often usage is metered, periods are renewed and months are closed. Longer shows usage later; a meeting that is deleted
    # takes along what was used since.
    rounds_seconds: int = 900
    # A month is closed so long after its end: what a clock that is behind still writes belongs to it.
    close_after_minutes: int = 60
