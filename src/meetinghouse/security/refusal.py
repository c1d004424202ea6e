"""The one exception by which an action says no to its caller.

    Refusal             shown to the caller as RFC 9457 problem details; never a fault of the program
    └─ TooManyAttempts  429 with `Retry-After`

Everything else that escapes a handler is a fault: logged with its trace, answered 500 without detail.
"""

from __future__ import annotations

import math
from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818 (a refusal is an answer, not an error)
    """A request that is not carried out, with what the caller may know about why."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        rule: str | None = None,
        offers: tuple[str, ...] = (),
        messages: Mapping[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """A refusal.

        Args:
            status: the HTTP status.
            code: stable, for programs, `snake_case`.
            detail: a sentence for people, without anything secret.
            rule: the id of the rule that refused, where one did.
            offers: who may be asked instead, where a market rule says so.
            messages: the sentence by language tag, where there is more than one; `detail` is for who reads none of them.
            headers: further HTTP headers of the answer.

        """
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.rule = rule
        self.offers = offers
        self.messages = messages or {}
        self.headers = headers or {}


class TooManyAttempts(Refusal):
    """A rate limit is reached."""

    def __init__(self, retry_after_seconds: float) -> None:
        """Refuse until `retry_after_seconds` have passed."""
        seconds = max(1, math.ceil(retry_after_seconds))
        super().__init__(
            429,
            "too_many_attempts",
            f"Too many attempts. Try again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )
