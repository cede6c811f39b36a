"""Error responses: JSON, redirect or page, with a code for programs and a sentence for people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gazesite.asgi_types import Message
from gazesite.middleware.error_response import BUSY, ErrorResponse, send_error

GONE = ErrorResponse(410, "gone", "Gone <b>", "This & that is gone.")


async def sent(error: ErrorResponse, accept: bytes, redirect: str | None = None) -> tuple[int, dict[bytes, bytes], str]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    scope: dict[str, Any] = {"type": "http", "headers": [(b"accept", accept)]}
    await send_error(scope, send, error, redirect)
    start, body = messages
    headers = dict(start["headers"])
    assert int(headers[b"content-length"]) == len(body["body"])
    return start["status"], headers, body["body"].decode()


@pytest.mark.parametrize("redirect", [None, "/sign-in/"])
async def test_a_program_gets_status_and_code_even_where_a_browser_is_redirected(redirect: str | None) -> None:
    status, headers, body = await sent(GONE, b"application/json", redirect)
    assert (status, headers[b"content-type"]) == (410, b"application/json")
    assert json.loads(body) == {"code": "gone", "sentence": "This & that is gone."}


async def test_a_browser_gets_an_escaped_page() -> None:
    status, headers, body = await sent(GONE, b"text/html")
    assert (status, headers[b"content-type"]) == (410, b"text/html; charset=utf-8")
    assert "Gone &lt;b&gt;" in body
    assert "This &amp; that is gone." in body


async def test_a_browser_is_redirected_where_there_is_somewhere_to_go() -> None:
    status, headers, _ = await sent(GONE, b"text/html", "/sign-in/")
    assert (status, headers[b"location"]) == (303, b"/sign-in/")


async def test_only_an_error_that_passes_says_when_to_try_again() -> None:
    assert (await sent(BUSY, b"text/html"))[1][b"retry-after"] == b"5"
    assert b"retry-after" not in (await sent(GONE, b"text/html"))[1]


async def test_no_cache_keeps_it_and_the_connection_ends_with_its_unread_body() -> None:
    headers = (await sent(GONE, b"text/html"))[1]
    assert (headers[b"cache-control"], headers[b"connection"]) == (b"no-store", b"close")
