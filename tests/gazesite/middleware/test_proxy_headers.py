"""Clients as named by proxies: believed from those that are trusted, and from no other."""

from __future__ import annotations

from typing import Any

import pytest

from gazesite.middleware import proxy_headers
from gazesite.middleware.proxy_headers import ProxyHeaders

PROXY, CLIENT, OTHER = "10.0.0.1", "203.0.113.7", "198.51.100.9"


async def seen(proxies: list[str], peer: str | None, **headers: str) -> dict[str, Any]:
    """The scope behind the middleware."""
    found: dict[str, Any] = {}

    async def app(scope: dict[str, Any], receive: object, send: object) -> None:
        found.update(scope)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "headers": raw, "client": (peer, 1234) if peer else None}
    await ProxyHeaders(app, proxies)(scope, None, None)  # type: ignore[arg-type]
    return found


async def test_case_32_a_stranger_who_says_who_he_is_is_not_believed() -> None:
    scope = await seen([PROXY], OTHER, x_forwarded_for=CLIENT, x_forwarded_proto="https", x_real_ip=CLIENT, host="a")
    assert scope["client"][0] == OTHER
    assert scope["headers"] == [(b"host", b"a")]


async def test_a_trusted_proxy_is_believed() -> None:
    scope = await seen([PROXY], PROXY, x_forwarded_for=CLIENT, x_forwarded_proto="https")
    assert scope["client"][0] == CLIENT
    assert scope["headers"] == [(b"x-forwarded-proto", b"https")]


async def test_case_32_what_a_client_puts_before_the_proxys_own_word_is_not_believed() -> None:
    scope = await seen([PROXY], PROXY, x_forwarded_for=f"{OTHER}, {CLIENT}", x_forwarded_proto="https, http")
    assert scope["client"][0] == CLIENT
    assert scope["headers"] == [(b"x-forwarded-proto", b"http")]


async def test_a_chain_of_trusted_proxies_is_followed_to_its_end() -> None:
    scope = await seen(["10.0.0.0/8"], PROXY, x_forwarded_for=f"{CLIENT}, 10.9.9.9, 10.1.1.1")
    assert scope["client"][0] == CLIENT


async def test_only_the_end_of_a_chain_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    real = proxy_headers._parsed
    monkeypatch.setattr(proxy_headers, "_parsed", lambda address: looked_at.append(address) or real(address))
    scope = await seen(["10.0.0.0/8"], PROXY, x_forwarded_for=f"{CLIENT}," + "10.9.9.9," * 1_500)
    assert scope["client"][0] == PROXY
    assert len(looked_at) < 50


@pytest.mark.parametrize("told", ["", "unknown", "<script>", "unknown, 10.2.2.2"])
async def test_without_an_address_that_can_be_read_it_is_the_proxys(told: str) -> None:
    scope = await seen(["10.0.0.0/8"], PROXY, x_forwarded_for=told)
    assert scope["client"][0] == PROXY


async def test_a_star_trusts_whoever_connects_but_not_what_he_was_told() -> None:
    scope = await seen(["*"], OTHER, x_forwarded_for=f"{PROXY}, {CLIENT}", x_forwarded_proto="https")
    assert scope["client"][0] == CLIENT


async def test_an_ipv6_mapped_proxy_is_the_same_proxy() -> None:
    scope = await seen([PROXY], f"::ffff:{PROXY}", x_forwarded_for=CLIENT)
    assert scope["client"][0] == CLIENT


async def test_a_local_socket_has_no_address() -> None:
    assert (await seen([PROXY], None, x_forwarded_for=CLIENT))["client"] is None
