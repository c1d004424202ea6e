"""What an operator may set about the place where this installation stands."""

from __future__ import annotations

import msgspec


class RegionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `region`: the one region of this installation."""

    # ISO 3166-1 alpha-2 of the law it stands under; empty until the operator says it.
    jurisdiction: str = ""
