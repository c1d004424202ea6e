"""What an operator may set about the systems of organisations."""

from __future__ import annotations

import msgspec


class IdentitySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section `identity`."""

    # Networks of their own in which providers may be, also by plain HTTP. Whoever may name a provider could otherwise make this
    # server ask what only it can reach.
    networks: tuple[str, ...] = ()
    # How long a provider may take to answer: somebody waits for it.
    timeout_seconds: int = 10
    answer_bytes: int = 262_144
    # How far a provider's clock may be from ours.
    clock_skew_seconds: int = 60
    # From leaving for the provider to coming back: long enough to find the phone that shows the code.
    sign_in_seconds: int = 900
    # How long what a provider says about itself is believed, and how soon an unknown key makes us ask again.
    keys_seconds: int = 3600
    keys_again_seconds: int = 30
    # Tokens of SCIM and groups of one tenant: a system that runs wild must not fill the disk.
    scim_tokens: int = 10
    scim_groups: int = 2_000
