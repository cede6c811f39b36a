"""A proxy whose X-Forwarded-For ends with an address of its own names its client elsewhere: believed only from it."""

from __future__ import annotations

from typing import Any

from gazesite.middleware.proxy_headers import ProxyHeaders


async def seen(proxies: list[str], named_in: str, **headers: str) -> dict[str, Any]:
    """The scope behind it."""
    found: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.update(scope)

    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "client": ("172.16.0.9", 1), "headers": sent}
    await ProxyHeaders(app, proxies, named_in)(scope, None, None)  # type: ignore[arg-type]
    return found


FLY = {"fly_client_ip": "203.0.113.7", "x_forwarded_for": "198.51.100.1, 203.0.113.7, 66.241.0.1"}


async def test_the_client_is_whom_the_header_names() -> None:
    assert (await seen(["*"], "Fly-Client-IP", **FLY))["client"][0] == "203.0.113.7"


async def test_without_the_setting_all_people_would_share_the_proxy_s_address() -> None:
    assert (await seen(["*"], "", **FLY))["client"][0] == "66.241.0.1"


async def test_from_nobody_trusted_it_is_taken_away_and_not_believed() -> None:
    scope = await seen(["10.0.0.0/8"], "Fly-Client-IP", **FLY)
    assert scope["client"][0] == "172.16.0.9"
    assert scope["headers"] == []


async def test_an_address_that_is_none_leaves_the_proxy_s() -> None:
    assert (await seen(["*"], "Fly-Client-IP", fly_client_ip="unknown"))["client"][0] == "172.16.0.9"
