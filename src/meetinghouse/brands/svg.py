"""A picture in SVG as it may be served to anybody: read strictly, and written anew from what is known to be harmless.

Nothing that was sent is passed on: elements and attributes on the lists below are written again with their values checked, and
everything else is left out (scripts, event handlers, foreign objects, animation, references to anything outside). What says
that the file wants to be more than a picture, a document type with its entities or a style sheet, is refused with what to do.
"""

from __future__ import annotations

import re
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from meetinghouse.security.refusal import Refusal

_NAMESPACE = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_SEPARATOR = " "
_ELEMENT_NAMES = """
    svg g defs title desc path rect circle ellipse line polyline polygon text tspan linearGradient radialGradient stop
    clipPath mask
"""
# What `style` may say, each the name of an attribute as well.
_PRESENTATION_NAMES = """
    fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit
    stroke-dasharray stroke-dashoffset opacity color display visibility clip-path clip-rule mask stop-color stop-opacity
    font-family font-size font-weight font-style text-anchor dominant-baseline letter-spacing paint-order vector-effect
    shape-rendering
"""
_GEOMETRY_NAMES = """
    id d x y cx cy r rx ry x1 y1 x2 y2 fx fy dx dy width height points transform viewBox preserveAspectRatio offset
    gradientUnits gradientTransform spreadMethod clipPathUnits maskUnits maskContentUnits pathLength
"""
ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_TEXT = frozenset({"title", "desc", "text", "tspan"})
_GRADIENTS = frozenset({"linearGradient", "radialGradient"})
_PRESENTATION = frozenset(_PRESENTATION_NAMES.split())
ATTRIBUTES = _PRESENTATION | frozenset(_GEOMETRY_NAMES.split())
# Letters, numbers and the punctuation of paths, colours and lists. No colon (a scheme), no backslash, at, quote or angle.
_VALUE = re.compile(r"[\w\s#%.,()+*/|-]*")
_LOCAL = re.compile(r"#[\w.-]{1,100}")
_URL = re.compile(r"url\s*\(\s*#[\w.-]{1,100}\s*\)", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)(?:px)?\s*")
_DEPTH = 32
_ELEMENTS = 5_000


class Cleaned(Struct, frozen=True):
    """The picture, and the names of what was left out of it."""

    text: str
    left_out: tuple[str, ...]


def clean_svg(data: bytes) -> Cleaned:
    """The picture in `data`.

    Raises:
        Refusal: 422 `invalid_svg`, with what to do.

    """
    writer = _Writer()
    parser = expat.ParserCreate("utf-8", _SEPARATOR)
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_doctype
    parser.ProcessingInstructionHandler = _refuse_instruction
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.characters
    try:
        parser.Parse(data, True)  # noqa: FBT003 (the standard library's)
    except expat.ExpatError as error:
        raise _refused(f"It is no well-formed SVG in UTF-8 (line {error.lineno}).") from None
    except (ValueError, LookupError):
        raise _refused("It is no SVG in UTF-8.") from None
    return writer.cleaned()


class _Writer:
    """Writes what the parser finds, if it is known."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open: list[str] = []
        # How many elements deep we are in something that is left out.
        self._outside = 0
        self._left_out: set[str] = set()
        self._count = 0

    def start(self, qualified: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        namespace, _, name = qualified.rpartition(_SEPARATOR)
        self._count += 1
        if self._count > _ELEMENTS or len(self._open) + self._outside >= _DEPTH:
            raise _refused(f"It has more than {_ELEMENTS} elements, or they are nested deeper than {_DEPTH}.")
        if not self._open and (namespace, name) != (_NAMESPACE, "svg"):
            raise _refused(f'It does not begin with <svg xmlns="{_NAMESPACE}">.')
        if namespace == _NAMESPACE and name == "style":
            raise _refused("It has a style sheet inside: export it with presentation attributes (`plain SVG`) instead.")
        if self._outside or namespace != _NAMESPACE or name not in ELEMENTS or (name == "svg" and self._open):
            self._outside += 1
            self._left_out.add(name)
            return
        kept = self._kept(name, attributes)
        if not self._open:
            kept = {"xmlns": _NAMESPACE, **_with_box(kept)}
        self._open.append(name)
        self._parts.append(f"<{name}" + "".join(f" {key}={quoteattr(value)}" for key, value in kept.items()) + ">")

    def end(self, _qualified: str) -> None:
        """An element ends."""
        if self._outside:
            self._outside -= 1
        else:
            self._parts.append(f"</{self._open.pop()}>")

    def characters(self, text: str) -> None:
        """Text, which only some elements show."""
        if not self._outside and self._open and self._open[-1] in _TEXT:
            self._parts.append(escape(text))

    def cleaned(self) -> Cleaned:
        """What came of it."""
        return Cleaned("".join(self._parts), tuple(sorted(self._left_out)))

    def _kept(self, element: str, attributes: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for qualified, value in attributes.items():
            namespace, _, name = qualified.rpartition(_SEPARATOR)
            if name == "style" and not namespace:
                found |= self._declared(value)
            elif name == "href" and namespace in {"", _XLINK} and element in _GRADIENTS and _LOCAL.fullmatch(value):
                found["href"] = value
            elif namespace == "" and name in ATTRIBUTES and _is_harmless(value):
                found.setdefault(name, value)
            elif not (namespace == "" and name in {"version", "class"}):
                self._left_out.add(name)
        return found

    def _declared(self, style: str) -> dict[str, str]:
        """The declarations of a `style`, as attributes: the content security policy of a page lets no style pass."""
        found = {}
        for declaration in style.split(";"):
            name, _, value = declaration.partition(":")
            name, value = name.strip().lower(), value.strip()
            if name in _PRESENTATION and _is_harmless(value):
                found[name] = value
            elif name:
                self._left_out.add(name)
        return found


def _is_harmless(value: str) -> bool:
    """Whether a value refers to nothing outside the picture."""
    without = _URL.sub("", value)
    return _VALUE.fullmatch(without) is not None and "url" not in without.lower()


def _with_box(attributes: dict[str, str]) -> dict[str, str]:
    """With a view box, without which a picture is cut instead of scaled."""
    if "viewBox" in attributes:
        return attributes
    width, height = (_LENGTH.fullmatch(attributes.get(side, "")) for side in ("width", "height"))
    if width is None or height is None:
        raise _refused("It says no size: give <svg> a viewBox, such as 0 0 200 50.")
    return {**attributes, "viewBox": f"0 0 {width[1]} {height[1]}"}


def _refuse_doctype(*_: object) -> None:
    raise _refused("It has a document type or entities: export it as plain SVG without <!DOCTYPE>.")


def _refuse_instruction(*_: object) -> None:
    raise _refused("It has a processing instruction, such as a style sheet to load: export it as plain SVG.")


def _refused(why: str) -> Refusal:
    return Refusal(422, "invalid_svg", f"This SVG cannot be used. {why}")
