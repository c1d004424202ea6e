"""Passwords: argon2id (RFC 9106), off the event loop, and a refusal of those that attackers try first."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from meetinghouse.security.refusal import Refusal
from meetinghouse.security.secret import Secret

_COMMON = Path(__file__).parent / "common_passwords.txt"
# Longer ones only cost hashing time; passphrases fit.
_MAX_CHARACTERS = 256
# OWASP's first choice, with one pass more: 46 MiB for each of at most two hashes at a time, about 60 ms.
_HASHER = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)
_THREADS = 2
# Compared for accounts that do not exist, so that both take the same time.
_NOBODY = "$argon2id$v=19$m=47104,t=2,p=1$2mgcK36H2CWCQa8Z2aqOGQ$6g3mQ2mN7tqO5pFhJ4h7rXlFSDrJYZ1mD8ExVd2M3iA"
# Shorter words occur in everything.
_TELLING_CHARACTERS = 4
# So many letters have to be left once what is known about somebody is taken away; digits are tried by machines.
_OWN_LETTERS = 6
_LEET = str.maketrans("013457@$!|", "oieastasil")
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "01234567890", "1qaz2wsx3edc4rfv5tgb6yhn")


@cache
def _pool() -> ThreadPoolExecutor:
    """Bounded: a storm of sign-ins waits here instead of taking all memory and both cores."""
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="password")


async def hash_password(password: Secret) -> str:
    """The PHC string to keep."""
    return await asyncio.get_running_loop().run_in_executor(_pool(), _HASHER.hash, password.reveal())


async def verify_password(password: Secret, kept: str | None) -> bool:
    """Whether `password` is the one that was kept; with nothing kept, the same time goes by."""
    good = await asyncio.get_running_loop().run_in_executor(_pool(), _verify, kept or _NOBODY, password.reveal())
    return good and kept is not None


def check_password(password: Secret, *, min_characters: int, about: tuple[str, ...]) -> None:
    """Refuse a password that is short, long, common, a keyboard run, or made of what is known about its owner.

    Args:
        password: what was chosen.
        min_characters: the operator's least length.
        about: the account's address and name, the service's name.

    Raises:
        Refusal: 422 `password_too_short`, `password_too_long` or `password_too_common`.

    """
    text = password.reveal()
    if len(text) < min_characters:
        raise Refusal(422, "password_too_short", f"Use at least {min_characters} characters.")
    if len(text) > _MAX_CHARACTERS:
        raise Refusal(422, "password_too_long", f"Use at most {_MAX_CHARACTERS} characters.")
    if _is_common(text) or _is_about(text, about):
        raise Refusal(422, "password_too_common", "This password is easy to guess. Choose another one.")


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _is_common(text: str) -> bool:
    lower = text.lower()
    spellings = {lower, lower.translate(_LEET)}
    # "Password2026!" is "password" to everybody who guesses.
    spellings |= {re.sub(r"[^a-z]+$|^[^a-z]+", "", spelling) for spelling in spellings}
    spellings |= {re.sub(r"[^a-z]+$|^[^a-z]+", "", lower).translate(_LEET)}
    return bool(spellings & _common()) or _is_regular(lower)


def _is_regular(lower: str) -> bool:
    """Whether a short piece repeats to the end, or long runs of neighbouring keys make it up."""
    for size in range(1, len(lower) // 2 + 1):
        if (lower[:size] * len(lower))[: len(lower)] == lower:
            return True
    rest = lower
    for run in _RUNS:
        for piece in (run, run[::-1]):
            for size in range(len(piece), 3, -1):
                for start in range(len(piece) - size + 1):
                    rest = rest.replace(piece[start : start + size], "")
    return len(rest) <= len(lower) // 4


def _is_about(text: str, about: tuple[str, ...]) -> bool:
    lower = rest = text.lower()
    words = {word for known in about for word in re.split(r"[^\w]+", known.lower()) if len(word) >= _TELLING_CHARACTERS}
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != lower and sum(character.isalpha() for character in rest) < _OWN_LETTERS


@cache
def _common() -> frozenset[str]:
    return frozenset(line for line in _COMMON.read_text("utf-8").splitlines() if line and not line.startswith("#"))
