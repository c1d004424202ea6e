"""What two versions of rules differ in, rule by rule."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Literal

from msgspec import Struct

from meetinghouse.market.model import Rules
from meetinghouse.market.reading import raw_of


class Difference(Struct, frozen=True, omit_defaults=True):
    """One rule, or the `groups`, that is not as it was; `was` and `now` hold the keys that changed.

    `moved`: it stands elsewhere among the rules that are in both, and the first one decides.
    """

    kind: Literal["added", "removed", "changed", "moved"]
    rule: str
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}


def differences(before: Rules, after: Rules) -> list[Difference]:
    """In the order of the later version, what is gone first."""
    old, new = raw_of(before), raw_of(after)
    was = {rule["id"]: rule for rule in old["rule"]}
    now = {rule["id"]: rule for rule in new["rule"]}
    found = [Difference("removed", name, was=rule) for name, rule in was.items() if name not in now]
    if old.get("groups", {}) != new.get("groups", {}):
        found.append(_changed("groups", old.get("groups", {}), new.get("groups", {})))
    moved = _moved([name for name in was if name in now], [name for name in now if name in was])
    for name, rule in now.items():
        if name not in was:
            found.append(Difference("added", name, now=rule))
            continue
        if rule != was[name]:
            found.append(_changed(name, was[name], rule))
        if name in moved:
            found.append(Difference("moved", name))
    return found


def _changed(name: str, was: dict[str, Any], now: dict[str, Any]) -> Difference:
    keys = [key for key in {**was, **now} if was.get(key) != now.get(key)]
    return Difference(
        "changed",
        name,
        was={key: was[key] for key in keys if key in was},
        now={key: now[key] for key in keys if key in now},
    )


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The fewest that must have been moved: all but a longest run that kept its order."""
    place = {name: index for index, name in enumerate(before)}
    # Patience sorting: `ends[n]` is the smallest end of a rising run of n + 1.
    ends: list[int] = []
    previous: dict[int, int | None] = {}
    for name in after:
        at = place[name]
        low = bisect_left(ends, at)
        previous[at] = ends[low - 1] if low else None
        ends[low : low + 1] = [at]
    kept: set[str] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(before[last])
        last = previous[last]
    return set(after) - kept
