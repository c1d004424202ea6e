"""Payments as CSV: right lines are posted once, wrong ones are named, whatever stands in their cells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from channels import Shop

_PATH = "/billing/payments/csv"
_HEADER = "reference,buyer,amount,currency,memo\r\n"
_CSV = {"content-type": "text/csv"}


async def _send(shop: Shop, content: Any, expect: int = 200) -> Any:  # noqa: ANN401 (text or a stream of bytes; JSON)
    return await shop.channel.shop.call("POST", _PATH, expect=expect, content=content, headers=_CSV)


async def _owed(shop: Shop) -> str:
    """What acme owes its reseller in cents."""
    statements = (await shop.channel.acme.call("GET", "/billing/statements?month=2026-11"))["items"]
    return str(statements[0]["closing"])


async def test_wrong_lines_are_named_and_the_right_ones_posted_once(shop: Shop) -> None:
    await shop.buy(shop.channel.acme)
    lines = [
        "b-1,zt-acme,100.00,USD,thanks",
        "b-1,zt-acme,100.00,USD,twice in the file",
        "b-1,zt-acme,1.00,USD,another amount",
        "b-2,zt-acme,=1+1,USD,",
        "b-3,zt-bolt,5.00,USD,another one's tenant",
        "b-4,zt-acme,5.00,EUR,",
        'b-5,"zt-acme,5.00,USD,a quotation mark that is not closed',
        "b-6,zt-acme,-5.00,USD,",
        "b-7,zt-acme,5.00",
        "b-8,zt-acme,5.00,USD,a\0b",
        f"b-9,zt-acme,5.00,USD,{'x' * 10_000}",
        "",
        '"b-10",zt-acme,5.00,USD,"=cmd(""calc"")"',
    ]
    content = b"\xef\xbb\xbf" + (_HEADER + "\r\n".join(lines)).encode() + b"\r\nb-11,zt-acme,5.00,USD,\xff\r\n"
    taken = await _send(shop, content)
    assert (taken["posted"], taken["known"], taken["wrong"]) == (2, 1, 10)
    assert [(one["line"], one["code"]) for one in taken["faults"]] == [
        (4, "reference_reused"),
        (5, "invalid_amount"),
        (6, "not_found"),
        (7, "no_such_account"),
        (8, "invalid_csv"),
        (9, "invalid_amount"),
        (10, "invalid_csv"),
        (11, "invalid_text"),
        (12, "invalid_csv"),
        (15, "invalid_csv"),
    ]
    assert await _owed(shop) == "45.00"
    again = await _send(shop, content)
    assert (again["posted"], again["known"], again["wrong"]) == (0, 3, 10)
    assert await _owed(shop) == "45.00"
    csv = await shop.channel.shop.call("GET", "/billing/statements.csv?month=2026-11")
    assert "\"'=cmd(" in csv


async def test_a_file_is_read_as_it_comes_in_pieces_of_any_size(shop: Shop) -> None:
    await shop.buy(shop.channel.acme, 1000)
    many = 1200

    async def pieces() -> AsyncIterator[bytes]:
        text = _HEADER + "".join(f"n-{number},zt-acme,1.00,USD,谢谢\n" for number in range(many))
        content = text.encode()
        for first in range(0, len(content), 997):
            yield content[first : first + 997]

    assert (await _send(shop, pieces()))["posted"] == many
    assert await _owed(shop) == f"{15_000 - many}.00"


async def test_what_is_no_file_of_payments_is_refused(shop: Shop) -> None:
    for content in (b"", b"a,b\n", _HEADER.encode("utf-16")):
        assert (await _send(shop, content, 422))["code"] == "invalid_csv"
    for who in (shop.channel.acme, shop.channel.solo):
        assert (await who.call("POST", _PATH, expect=404, content=_HEADER, headers=_CSV))["code"] == "not_found"
