"""Which cookies reach the application."""

from __future__ import annotations

from typing import Any

import pytest

from gazesite.middleware.own_cookies import OwnCookies, cookies


async def seen(*lines: bytes, kind: str = "http") -> list[tuple[bytes, bytes]]:
    """Headers behind the middleware."""
    scopes: list[Any] = []

    async def app(scope: Any, receive: object, send: object) -> None:
        scopes.append(scope)

    scope = {"type": kind, "headers": [(b"host", b"a"), *((b"cookie", line) for line in lines)]}
    await OwnCookies(app, ["session", "csrf"])(scope, None, None)  # type: ignore[arg-type]
    return list(scopes[0]["headers"])


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_the_sites_own_cookies_come_through(kind: str) -> None:
    headers = await seen(b"other=1; session=abc; csrf=d", kind=kind)
    assert headers == [(b"host", b"a"), (b"cookie", b"session=abc; csrf=d")]


async def test_cookies_in_several_lines_are_all_read() -> None:
    assert (await seen(b"session=abc", b"csrf=d"))[1] == (b"cookie", b"session=abc; csrf=d")


@pytest.mark.parametrize(
    "line", [b'session="' + b"\\" * 16_000 + b'"', b"session=" + b"a" * 16_000, b'session="\\"', b";" * 16_000, b"="]
)
async def test_a_cookie_that_takes_long_to_read_is_none(line: bytes) -> None:
    assert await seen(line) == [(b"host", b"a")]


def test_a_value_may_hold_an_equals_sign_and_the_last_one_counts() -> None:
    assert cookies([(b"cookie", b"a=1; a=b=c ;d")]) == {"a": "b=c", "d": ""}
