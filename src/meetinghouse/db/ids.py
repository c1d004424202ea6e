"""Identifiers of rows: opaque text that sorts by the time it was made."""

from __future__ import annotations

import secrets
import time

# Crockford's alphabet in lower case: no i, l, o, u, so that an id read aloud is not misread; its order is ASCII's.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_BITS = 48
_RANDOM_BITS = 80
_LENGTH = 26


def new_id() -> str:
    """A fresh id of 26 characters: 48 bits of milliseconds, then 80 random bits (the layout of a ULID).

    Ids name things; they are never permission to do anything. Secrets come from `security.keyring`.
    """
    value = ((time.time_ns() // 1_000_000) & ((1 << _TIME_BITS) - 1)) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
