"""Pictures, colours and host names of brands: what is kept, what is corrected, what is refused."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from meetinghouse.brands.colours import contrast, corrections, palette
from meetinghouse.brands.hosts import bare_host, check_distinct, check_host, is_mail_domain_of
from meetinghouse.brands.pictures import clean_picture, monogram
from meetinghouse.brands.svg import clean_svg
from meetinghouse.security.refusal import Refusal

_OPEN = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
_DOT = '<circle r="4" fill="#123456"/>'
_WORST = 'x="javascript:alert(1)"'


def _svg(inside: str, more: str = "") -> bytes:
    return f"{_OPEN} {more}>{inside}</svg>".encode()


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<script xlink:href="https://evil.example/a.js"/>',
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></body></foreignObject>",
        '<image href="https://evil.example/a.png"/>',
        '<image xlink:href="data:image/svg+xml;base64,AAAA"/>',
        '<use href="https://evil.example/a.svg#x"/>',
        '<a xlink:href="javascript:alert(1)"><text>evil</text></a>',
        '<animate attributeName="href" values="javascript:alert(1)"/>',
        '<set attributeName="onload" to="alert(1)"/>',
        '<rect onload="alert(1)" onclick="alert(1)" width="1"/>',
        '<rect style="fill:url(https://evil.example/x);background:url(//evil.example)" width="1"/>',
        '<rect fill="url(https://evil.example/#a)" width="1"/>',
        '<rect fill="url(#a) url(//evil.example)" width="1"/>',
        '<linearGradient id="a" xlink:href="https://evil.example/#a"/>',
        f"<path {_WORST}/>",
        '<filter><feImage href="https://evil.example"/></filter>',
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>',
        '<svg:script xmlns:svg="http://www.w3.org/2000/svg">alert(1)</svg:script>',
        '<iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example"/>',
        "<!-- <script>alert(1)</script> -->",
    ],
)
def test_an_svg_loses_what_could_do_more_than_draw(inside: str) -> None:
    text = clean_svg(_svg(inside + _DOT)).text
    assert "<circle" in text
    for evil in ("evil", "script", "onload", "onclick", "foreign", "<a ", "style", "javascript", "data:", "image"):
        assert evil not in text.lower()
    # What was cleaned stays as it is.
    assert clean_svg(text.encode()).text == text


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + _svg("<text>&a;</text>"),
        b'<!DOCTYPE svg SYSTEM "https://evil.example/a.dtd">' + _svg(_DOT),
        b'<?xml-stylesheet href="https://evil.example/a.css"?>' + _svg(_DOT),
        _svg("<style>@import url(https://evil.example)</style>" + _DOT),
        _svg("&unknown;"),
        b"<html><svg/></html>",
        b"<svg>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        _svg("<g>" * 40 + "</g>" * 40),
        _svg("<g/>" * 6000),
    ],
)
def test_an_svg_that_wants_to_be_more_than_a_picture_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        clean_svg(data)
    assert refused.value.code == "invalid_svg"


def test_an_ordinary_logo_stays_what_it_is() -> None:
    sent = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="120px" height="40"><defs><linearGradient id="g">'
        '<stop offset="0" stop-color="#fff"/></linearGradient></defs><g style="fill: url(#g); stroke:#000">'
        '<path d="M0 0h12v-4.5z" transform="rotate(3, 1 2)"/><text x="3" font-family="Noto Sans">会畅 &amp; Co</text></g></svg>'
    )
    cleaned = clean_svg(sent.encode())
    assert cleaned.left_out == ()
    assert cleaned.text == sent.replace(
        'width="120px" height="40"', 'width="120px" height="40" viewBox="0 0 120 40"'
    ).replace('style="fill: url(#g); stroke:#000"', 'fill="url(#g)" stroke="#000"').replace(
        '<stop offset="0" stop-color="#fff"/>', '<stop offset="0" stop-color="#fff"></stop>'
    ).replace('2)"/>', '2)"></path>')


def test_a_raster_picture_is_drawn_anew_and_small_and_says_nothing_else() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", (3000, 300), "red").save(out, "JPEG", exif=exif, comment=b"secret")
    picture = clean_picture("logo", out.getvalue() + b"<script>secret</script>")
    assert (picture.media_type, b"secret" in picture.body) == ("image/png", False)
    with Image.open(io.BytesIO(picture.body)) as kept:
        assert kept.size == (960, 96)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"\x00" * 100])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        clean_picture("icon", data)
    assert refused.value.code == "invalid_picture"


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_read() -> None:
    out = io.BytesIO()
    Image.new("1", (8000, 8000)).save(out, "PNG")
    with pytest.raises(Refusal, match="invalid_picture"):
        clean_picture("icon", out.getvalue())


def test_an_icon_is_made_of_a_name() -> None:
    assert clean_svg(monogram("<会畅>", "#123456", "#ffffff")).text.endswith("&lt;</text></svg>")


def test_contrast_is_as_wcag_measures_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_a_colour_that_nobody_can_read_is_corrected_with_a_word() -> None:
    (light,) = corrections("#ffe14d", None)
    assert (light.field, light.asked) == ("accent", "#ffe14d")
    assert "1.0 : 1" in light.message
    assert contrast(light.used, "#ffffff") >= 4.5
    assert corrections("#0b57d0", "#8ab4f8") == []
    assert [one.field for one in corrections("#0b57d0", "#101010")] == ["accent_dark"]


def test_the_accent_as_it_is_stays_so() -> None:
    assert palette("#0b57d0", "light").accent == "#0b57d0"


@pytest.mark.parametrize(
    ("text", "host"),
    [("Meet.Example.org.", "meet.example.org"), ("会议.例子.cn", "xn--6oqu09l.xn--fsqu00a.cn"), ("a-b.co", "a-b.co")],
)
def test_a_host_name_has_one_spelling(text: str, host: str) -> None:
    assert check_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "localhost",
            "10.0.0.1",
            "1.2.3",
            "https://a.example",
            "a.example:8080",
            "a b.example",
            "-a.example",
            "a..b",
        ),
        *(
            "\u0430cme.example",
            "*.example.org",
            "a_b.example",
            "x" * 64 + ".example",
            "a.example/x",
            "a.example\r\nX: y",
        ),
    ],
)
def test_what_is_no_host_name_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_host(text)
    assert refused.value.code == "invalid_host"


@pytest.mark.parametrize(
    ("host", "other", "code"),
    [
        ("meet.zhumu.example", "meet.zhumu.example", "host_taken"),
        ("meet.zhumu.examp1e", "meet.zhumu.example", "host_looks_alike"),
        ("rneet.zhumu.example", "meet.zhumu.example", "host_looks_alike"),
        (check_host("\u0430\u0441\u0435.example"), "ace.example", "host_looks_alike"),
        (check_host("zhümu.example"), "zhumu.example", "host_looks_alike"),
        ("meet.zhumu.example", "meet.bizconf.example", ""),
    ],
)
def test_a_host_name_that_could_be_taken_for_anothers_is_refused(host: str, other: str, code: str) -> None:
    if not code:
        check_distinct(host, [other])
        return
    with pytest.raises(Refusal) as refused:
        check_distinct(host, [other])
    assert refused.value.code == code


def test_the_host_header_is_read_without_its_port() -> None:
    shown = [bare_host(one) for one in ("Meet.Example.org:8080", "[::1]:80", "a.example.", "")]
    assert shown == ["meet.example.org", "::1", "a.example", ""]


def test_mail_comes_from_a_domain_of_the_brand() -> None:
    hosts = ["meet.acme.example"]
    domains = ("acme.example", "meet.acme.example", "other.acme.example", "example", "cme.example", "evil.example")
    assert [is_mail_domain_of(one, hosts) for one in domains] == [True, True, False, False, False, False]
