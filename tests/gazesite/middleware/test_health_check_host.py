"""Health checks by IP address and without TLS; browsers are refused or redirected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from gazesite.middleware.health_check_host import PATHS, HealthCheckHost
from tests.gazesite.fresh_process import in_fresh_process

PUBLIC = """
import asyncio, django
django.setup()
import httpx
from gazesite.asgi import application
async def main():
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://172.19.0.5:3000") as http:
        for path in ("/livez", "/"):
            print((await http.get(path)).status_code)
asyncio.run(main())
"""


def test_a_public_site_answers_a_probe_by_number_and_refuses_everything_else_so(tmp_path: Path) -> None:
    done = in_fresh_process(PUBLIC, tmp_path, SITE_URL="https://gaze.example")
    assert done.stdout.split() == ["200", "400"], done.stderr


async def seen(path: str, **headers: str) -> dict[str, Any]:
    """The scope that the application behind gets."""
    found: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.update(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    transport = httpx.ASGITransport(HealthCheckHost(app, "gaze.example", "https"))
    async with httpx.AsyncClient(transport=transport, base_url="http://172.19.0.5") as http:
        await http.get(path, headers=headers)
    return found


@pytest.mark.parametrize("path", PATHS)
async def test_a_probe_arrives_under_the_site_s_own_name_without_anything_else(path: str) -> None:
    scope = await seen(path, Cookie="a=b", Authorization="Bearer x")
    assert (scope["headers"], scope["scheme"]) == ([(b"host", b"gaze.example")], "https")


@pytest.mark.parametrize("path", ["/", "/livez/", "/portraits/"])
async def test_everything_else_arrives_as_it_was_sent(path: str) -> None:
    scope = await seen(path)
    assert (b"host", b"172.19.0.5") in scope["headers"]
    assert scope["scheme"] == "http"
