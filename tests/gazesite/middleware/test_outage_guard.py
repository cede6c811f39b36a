"""Outages that never reach Django: 503 over HTTP, and sockets that may come again."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from django.db import OperationalError

from gazesite.middleware.outage_guard import OutageGuard

FULL = OSError(28, "No space left on device")


def failing(error: Exception, *first: dict[str, Any]) -> OutageGuard:
    """An application that sends these messages and then fails."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in first:
            await send(message)
        raise error

    return OutageGuard(app)


async def get(app: OutageGuard, accept: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        return await http.get("/upload/", headers={"Accept": accept})


async def test_a_disk_that_is_full_while_a_body_is_spooled_is_a_503_in_json(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        answer = await get(failing(FULL), "application/json")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (503, "60", "disk_full")
    assert len(caplog.records) == 1


async def test_a_browser_gets_the_page_under_the_sites_policy() -> None:
    answer = await get(failing(OperationalError("locked")), "text/html")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "One moment, please" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_bug_is_left_to_the_server() -> None:
    with pytest.raises(ZeroDivisionError):
        await get(failing(ZeroDivisionError()), "text/html")


async def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    begun = {"type": "http.response.start", "status": 200, "headers": []}
    with pytest.raises(OSError, match="No space left"):
        await get(failing(FULL, begun), "text/html")


@pytest.mark.parametrize("first", [[], [{"type": "websocket.accept"}]], ids=["before", "after"])
async def test_a_socket_is_closed_with_the_code_after_which_pages_come_again(first: list[dict[str, Any]]) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/sessions/1/progress", "headers": []}
    await failing(OperationalError("locked"), *first)(scope, receive, send)
    assert sent == [{"type": "websocket.accept"}, {"type": "websocket.close", "code": 1013}]
