"""Brands hold for whatever is sent: pictures that only draw, colours that can be read, one brand for every tenant."""

from __future__ import annotations

import contextlib
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from meetinghouse.brands.colours import LEGIBLE, SURFACES, contrast, palette
from meetinghouse.brands.svg import ATTRIBUTES, ELEMENTS, clean_svg
from meetinghouse.security.refusal import Refusal

_NAMES = st.sampled_from(
    [*sorted(ELEMENTS), "script", "foreignObject", "image", "use", "a", "animate", "handler", "iframe"]
)
_KEYS = st.sampled_from([*sorted(ATTRIBUTES), "onload", "onclick", "style", "href", "src", "class", "data-x", "to"])
_VALUES = st.one_of(
    st.sampled_from(
        [
            *(
                "javascript:alert(1)",
                "url(#a)",
                "url(https://e.example)",
                "URL( //e.example)",
                "fill:url(data:x)",
                "u\\72l(x)",
            ),
            *("#a", "https://e.example", "expression(1)", "fill:red;filter:url(#x)", "uurl(#a)rl(//e.example)"),
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="<>&\"'"), max_size=12),
)


_ELEMENT = st.tuples(_NAMES, st.dictionaries(_KEYS, _VALUES, max_size=3), st.booleans())


def _written(elements: list[tuple[str, dict[str, str], bool]]) -> str:
    """Each element beside the following ones, or around them."""
    if not elements:
        return "text"
    (name, attributes, is_around), *rest = elements
    inside = _written(rest)
    begin = f"<{name}" + "".join(f' {key}="{value}"' for key, value in attributes.items()) + ">"
    return f"{begin}{inside}</{name}>" if is_around else f"{begin}</{name}>{inside}"


@given(st.lists(_ELEMENT, max_size=6).map(_written))
def test_a_cleaned_svg_holds_only_what_draws(inside: str) -> None:
    sent = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{inside}</svg>'
    try:
        cleaned = clean_svg(sent.encode()).text
    except Refusal:
        return
    for element in ET.fromstring(cleaned).iter():  # noqa: S314 (our own output)
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in ELEMENTS
        for key, value in element.attrib.items():
            assert key in ATTRIBUTES or (key == "href" and value.startswith("#"))
            assert "url(" not in value.lower().replace(" ", "").replace("url(#", "")
            assert ":" not in value
            assert "\\" not in value
    assert clean_svg(cleaned.encode()).text == cleaned


@given(st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_refused(data: bytes) -> None:
    with contextlib.suppress(Refusal):
        clean_svg(data)


@given(st.tuples(*[st.integers(0, 255)] * 3), st.sampled_from(["light", "dark"]))
def test_every_colour_makes_a_palette_that_can_be_read(rgb: tuple[int, int, int], appearance: str) -> None:
    found = palette("#" + bytes(rgb).hex(), appearance)
    for shade in (found.accent, found.accent_hover, found.accent_pressed):
        assert contrast(found.on_accent, shade) >= LEGIBLE
    for ground in (*SURFACES[appearance], found.accent_soft):
        assert contrast(found.accent, ground) >= LEGIBLE
