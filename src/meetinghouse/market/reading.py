"""Rules as people write them, TOML or JSON: every fault is named with its line, and one fault refuses the whole."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from meetinghouse.market.model import CHANNELS, KINDS, VERBS, Rule, Rules
from meetinghouse.market.places import clean_place

# What a set may hold. More rules are more than anybody reads; simulation and lint take time by their number.
MOST_BYTES: Final = 4 << 20
MOST_RULES: Final = 10_000
_LONGEST = 2_000
_VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Z]{2}|[0-9]{3}))?")
_TOML_LINE = re.compile(r"line (\d+)")
_KEYS = {field.encode_name for field in msgspec.structs.fields(Rule)} | {"zone"}

Raw: TypeAlias = Mapping[str, Any]


class Fault(Struct, frozen=True):
    """Something that is wrong, for who wrote it. `line` is None for what came without lines."""

    line: int | None
    text: str

    def __str__(self) -> str:
        """As compilers say it."""
        return self.text if self.line is None else f"line {self.line}: {self.text}"


class RulesError(Exception):
    """The rules cannot be used; `faults` says why, all of it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """At least one fault."""
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def read_rules(text: str) -> Rules:
    """Read a file of rules: JSON where it begins with a brace, else TOML.

    Raises:
        RulesError: with every fault that was found.

    """
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise RulesError([Fault(None, f"This is more than {MOST_BYTES >> 20} MiB.")])
    is_json = text.lstrip().startswith("{")
    return rules_of(_json(text) if is_json else _toml(text), (_JsonLines if is_json else _TomlLines)(text).line)


def rules_of(raw: Any, line: Callable[[int | None, str], int | None] = lambda _rule, _key: None) -> Rules:  # noqa: ANN401
    """Check and convert what a file held; `line` says where a key (of a rule, by its index) stands.

    Raises:
        RulesError: with every fault that was found.

    """
    reader = _Reader(line)
    rules = reader.read(raw)
    if reader.faults:
        raise RulesError(sorted(reader.faults, key=lambda fault: fault.line or 0))
    return rules


def time_of(value: Any, zone: tzinfo = UTC) -> datetime | None:  # noqa: ANN401 (a stranger's value)
    """A date is its midnight in `zone`; a time must have an offset (RFC 3339). None is neither of them."""
    if isinstance(value, str):
        value = _parsed(value)
    try:
        if isinstance(value, datetime):
            return None if value.tzinfo is None else value.astimezone(UTC)
        return datetime.combine(value, time(), zone).astimezone(UTC) if isinstance(value, date) else None
    except OverflowError:  # at the ends of the calendar
        return None


def raw_of(rules: Rules) -> dict[str, Any]:
    """The shape of the file again, in JSON's types: what is kept, exported and compared."""
    raw = {"version": _VERSION, "rule": rules.rules} | ({"groups": rules.groups} if rules.groups else {})
    return dict(msgspec.json.decode(msgspec.json.encode(raw)))


class _Reader:
    def __init__(self, line: Callable[[int | None, str], int | None]) -> None:
        self.faults: list[Fault] = []
        self._line = line
        self._groups: dict[str, tuple[str, ...]] = {}

    def read(self, raw: Any) -> Rules:  # noqa: ANN401 (a stranger's value)
        if not isinstance(raw, Mapping):
            self._fault(None, "", "This is not an object with the keys version, groups and rule.")
            return Rules()
        for key in raw.keys() - {"version", "groups", "rule"}:
            self._fault(None, key, f"The key {key!r} is not known here; there are version, groups and rule.")
        if raw.get("version") != _VERSION or isinstance(raw.get("version"), bool):
            self._fault(None, "version", f"Write version = {_VERSION}.")
        self._groups = self._read_groups(raw.get("groups", {}))
        return Rules(rules=tuple(self._read_rules(raw.get("rule", []))), groups=self._groups)

    def _read_groups(self, raw: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401
        if not isinstance(raw, Mapping):
            self._fault(None, "groups", 'groups is a table: groups = { EU = ["DE", "FR"] }.')
            return {}
        groups: dict[str, tuple[str, ...]] = {}
        for name, codes in raw.items():
            if clean_place(name) is not None or _NAME.fullmatch(name) is None:
                self._fault(
                    None, "groups", f"A group cannot be called {name!r}: it is a country's code, or no plain word."
                )
                continue
            if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
                self._fault(None, "groups", f"The group {name} is not a list of codes.")
                continue
            groups[name] = tuple(self._place(None, "groups", code) for code in codes)
        return groups

    def _read_rules(self, raw: Any) -> Iterator[Rule]:  # noqa: ANN401
        if not isinstance(raw, list) or not all(isinstance(one, Mapping) for one in raw):
            self._fault(None, "rule", "Each rule is a table of its own: begin it with [[rule]].")
            return
        if len(raw) > MOST_RULES:
            self._fault(None, "rule", f"These are {len(raw)} rules; {MOST_RULES} are the most.")
            return
        seen: dict[str, int] = {}
        for index, one in enumerate(raw):
            rule = self._rule(index, one)
            if rule.id in seen:
                self._fault(index, "id", f"The id {rule.id!r} is that of rule {seen[rule.id] + 1} already.")
            seen.setdefault(rule.id, index)
            yield rule

    def _rule(self, index: int, raw: Raw) -> Rule:
        for key in raw.keys() - _KEYS:
            self._fault(index, key, f"The key {key!r} is not known; there are {', '.join(sorted(_KEYS))}.")
        name = raw.get("id")
        if not isinstance(name, str) or _NAME.fullmatch(name) is None or name == "default":
            self._fault(index, "id", "A rule needs an id: up to 64 letters, digits, dots, dashes; not `default`.")
        decision = raw.get("decision")
        if decision not in {"allow", "deny"}:
            self._fault(index, "decision", 'A rule needs decision = "allow" or "deny".')
        if "verbs" not in raw:
            self._fault(index, "verbs", f"A rule needs verbs, of {', '.join(VERBS)}.")
        zone = self._zone(index, raw.get("zone", "UTC"))
        start, end = (self._moment(index, raw, key, zone) for key in ("from", "until"))
        if start is not None and end is not None and end <= start:
            self._fault(index, "until", "The rule ends before it begins: until is not later than from.")
        return Rule(
            id=str(name),
            verbs=self._among(index, raw, "verbs", VERBS),
            decision="allow" if decision == "allow" else "deny",
            start=start,
            end=end,
            countries=self._countries(index, raw),
            kinds=self._among(index, raw, "kinds", KINDS),
            channels=self._among(index, raw, "channels", CHANNELS),
            plans=self._words(index, raw, "plans"),
            partners=self._words(index, raw, "partners"),
            offers=self._words(index, raw, "offers"),
            message=self._message(index, raw.get("message", {})),
        )

    def _zone(self, index: int, name: Any) -> ZoneInfo:  # noqa: ANN401
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self._fault(index, "zone", f"{name!r} is no time zone; write one such as Asia/Shanghai.")
            return ZoneInfo("UTC")

    def _moment(self, index: int, raw: Raw, key: str, zone: ZoneInfo) -> datetime | None:
        """A date is its midnight in the rule's zone; where a clock leaps over midnight, the first moment of that day."""
        value = raw.get(key)
        if value is None:
            return None
        moment = time_of(value, zone)
        if moment is not None:
            return moment
        self._fault(
            index, key, f"{key} is a date such as 2020-08-23, or a time with its offset: 2020-08-23T00:00:00+08:00."
        )
        return None

    def _countries(self, index: int, raw: Raw) -> tuple[str, ...]:
        names = self._words(index, raw, "countries")
        return tuple(name if name in self._groups else self._place(index, "countries", name) for name in names)

    def _place(self, index: int | None, key: str, name: str) -> str:
        place = clean_place(name)
        if place is None:
            what = (
                "a country or region (ISO 3166), nor a group of this file"
                if index is not None
                else "a country or region"
            )
            self._fault(index, key, f"{name!r} is not {what}.")
        return place or name

    def _among(self, index: int, raw: Raw, key: str, known: tuple[Any, ...]) -> tuple[Any, ...]:
        words = self._words(index, raw, key)
        for word in words:
            if word not in known:
                self._fault(index, key, f"{word!r} is none of {', '.join(known)}.")
        return words

    def _words(self, index: int, raw: Raw, key: str) -> tuple[str, ...]:
        if key not in raw:
            return ()
        words = raw[key]
        if (
            not isinstance(words, list)
            or not words
            or not all(isinstance(word, str) and word.strip() for word in words)
        ):
            self._fault(index, key, f"{key} is a list of at least one word; leave it out for any.")
            return ()
        for word in words:
            if len(word) > _LONGEST:
                self._fault(index, key, f"A word of {key} is longer than {_LONGEST} characters.")
        twice = {word for word in words if words.count(word) > 1}
        if twice:
            self._fault(index, key, f"{', '.join(sorted(twice))} stands in {key} twice.")
        return tuple(words)

    def _message(self, index: int, raw: Any) -> dict[str, str]:  # noqa: ANN401
        if not isinstance(raw, Mapping) or not all(isinstance(text, str) and text.strip() for text in raw.values()):
            self._fault(index, "message", 'message is a sentence for each language: { en = "…", zh-CN = "…" }.')
            return {}
        for tag, text in raw.items():
            if _LANGUAGE.fullmatch(tag) is None:
                self._fault(index, "message", f"{tag!r} is no language tag; write for example en, zh-CN or zh-TW.")
            if len(text) > _LONGEST:
                self._fault(index, "message", f"The message in {tag} is longer than {_LONGEST} characters.")
        return dict(raw)

    def _fault(self, index: int | None, key: str, text: str) -> None:
        self.faults.append(Fault(self._line(index, key), text))


def _parsed(text: str) -> date | datetime | None:
    for parse in (date.fromisoformat, datetime.fromisoformat):
        try:
            return parse(text)
        except ValueError:
            continue
    return None


def _toml(text: str) -> Any:  # noqa: ANN401
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _TOML_LINE.search(str(error))
        raise RulesError([Fault(int(found[1]) if found else None, f"This is not TOML: {error}.")]) from None
    except RecursionError:
        raise RulesError([Fault(None, "This is nested too deeply.")]) from None


def _json(text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RulesError([Fault(error.lineno, f"This is not JSON: {error.msg}.")]) from None
    except RecursionError:
        raise RulesError([Fault(None, "This is nested too deeply.")]) from None


class _TomlLines:
    """Where things stand in a TOML file that can be read."""

    _HEADER = re.compile(r"\s*\[\[\s*rule\s*\]\]")
    _FENCE = re.compile(r"\"\"\"|'''")

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._rules: list[int] = []
        fence = ""
        for number, line in enumerate(self._lines):
            if not fence and self._HEADER.match(line):
                self._rules.append(number)
            for mark in self._FENCE.findall(line):
                fence = "" if fence == mark else fence or mark

    def line(self, rule: int | None, key: str) -> int | None:
        """The line of a key, counted from 1: that of the rule, or of the whole, where the key itself is not found."""
        if rule is None:
            begin, end = 0, self._rules[0] if self._rules and key != "rule" else len(self._lines)
        elif rule < len(self._rules):
            begin = self._rules[rule]
            end = self._rules[rule + 1] if rule + 1 < len(self._rules) else len(self._lines)
        else:  # rules that are written in line, as an array
            return None
        pattern = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
        return next(
            (number + 1 for number in range(begin, end) if key and pattern.match(self._lines[number])), begin + 1
        )


class _JsonLines:
    """The same of a JSON file: the n-th rule begins where the n-th object of the array does."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spans: list[tuple[int, int]] = []
        decoder = json.JSONDecoder()
        found = re.search(r'"rule"\s*:\s*\[\s*', text)
        at = found.end() if found else len(text)
        while text.startswith("{", at):
            _, end = decoder.raw_decode(text, at)
            self._spans.append((at, end))
            at = re.compile(r"\s*,?\s*").match(text, end).end()  # type: ignore[union-attr] # it matches nothing, too

    def line(self, rule: int | None, key: str) -> int | None:
        """The line of a key, counted from 1."""
        begin, end = self._spans[rule] if rule is not None and rule < len(self._spans) else (0, len(self._text))
        found = re.compile(rf'"{re.escape(key)}"\s*:').search(self._text, begin, end) if key else None
        return self._text.count("\n", 0, found.start() if found else begin) + 1
