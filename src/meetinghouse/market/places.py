"""Codes of countries, regions and their parts, as rules and billing addresses name them (ISO 3166-1 and -2)."""

from __future__ import annotations

import re

from iso3166 import countries_by_alpha2

# Parts of one in ISO 3166-2 that have a code of their own in ISO 3166-1; `CN` alone means the mainland.
_OWN_CODES = {"CN-HK": "HK", "CN-MO": "MO", "CN-TW": "TW"}
_PART = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")


def clean_place(text: str) -> str | None:
    """The one spelling of a code, or None where there is no such country or region.

    Of a part (`US-CA`) only its form and its country are known to be right: the parts of countries change every year.
    """
    code = text.strip().upper()
    code = _OWN_CODES.get(code, code)
    part = _PART.fullmatch(code)
    country = part[1] if part else code
    return code if country in countries_by_alpha2 else None


def within(place: str) -> tuple[str, ...]:
    """The codes by which a place is named: its own, and that of the country it is a part of."""
    return (place, place[:2]) if "-" in place else (place,)
