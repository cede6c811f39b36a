"""Layers before Django: static files, the body cap, sockets of our own pages only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import IO, Any, Literal

import httpx
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client

from gazesite.asgi import LIMITS, application
from gazesite.limits.concurrency_limit import ConcurrencyLimit
from gazesite.server import django_handler
from gpuworker.contract import MAX_PHOTO_BYTES
from tests.portraits import factories

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in() -> str:
    """Value of a session's cookie."""
    browser = Client()
    browser.force_login(factories.user("owner"))
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url=settings.SITE_URL)


async def test_pages_and_static_files_are_answered() -> None:
    async with client() as http:
        assert (await http.get("/livez")).text == "alive\n"
        assert (await http.get("/static/gaze/gaze-tracker.js")).status_code == 200


async def test_case_02_an_anonymous_upload_is_a_guests_and_read_up_to_the_size_of_a_photo() -> None:
    read = 0

    async def body() -> Any:
        nonlocal read
        for _ in range(50):
            read += 1
            yield bytes(1 << 20)

    async with client() as http:
        answer = await http.post("/upload/", content=body(), headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    assert read <= (LIMITS.max_bytes("/upload/") >> 20) + 1


def test_anonymous_uploads_are_taken_where_guests_are() -> None:
    assert LIMITS.anonymous_uploads == settings.GUESTS


async def test_every_other_address_takes_a_megabyte_at_most() -> None:
    async with client() as http:
        answer = await http.post("/accounts/login/", content=bytes(2 << 20))
    assert answer.status_code == 413


def test_only_the_upload_address_takes_more() -> None:
    assert LIMITS.max_bytes("/upload/") > MAX_PHOTO_BYTES
    assert LIMITS.max_bytes("/upload") == LIMITS.max_bytes("/") == LIMITS.usual


def test_small_bodies_on_every_connection_take_less_than_the_large_ones_may() -> None:
    assert settings.CONNECTIONS * LIMITS.anonymous <= LIMITS.spool


async def test_an_unknown_socket_is_404_and_raises_nothing() -> None:
    scope = {
        "type": "websocket",
        "path": "/ws/nothing/",
        "headers": [(b"origin", settings.SITE_URL.encode())],
        "client": ("192.0.2.1", 1),
        "extensions": {"websocket.http.response": {}},
    }
    talk = ApplicationCommunicator(application, scope)
    await talk.send_input({"type": "websocket.connect"})
    assert (await talk.receive_output())["status"] == 404
    await talk.wait()


async def test_cookies_that_are_not_the_sites_own_never_reach_django_or_channels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(_text: str) -> str:
        raise AssertionError("a quoted cookie was read")

    monkeypatch.setattr("http.cookies._unquote", forbidden)
    monkeypatch.setattr("django.http.cookie.cookies._unquote", forbidden)
    quoted = {"Cookie": 'a="\\\\"; session="\\\\"'}
    async with client() as http:
        assert (await http.get("/accounts/login/", headers=quoted)).status_code == 200
        assert (await http.post("/upload/", headers={**quoted, "Accept": "application/json"})).status_code == 403


async def test_a_client_with_too_much_under_way_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConcurrencyLimit, "acquire", lambda _limit, _key: False)
    async with client() as http:
        answer = await http.get("/accounts/login/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_pages_wait_for_their_clients_turn_and_probes_and_uploads_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = []
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={await sync_to_async(signed_in)()}"}

    class Noted(asyncio.Semaphore):
        async def acquire(self) -> Literal[True]:
            turns.append(self)
            return await super().acquire()

    monkeypatch.setattr("gazesite.middleware.client_queue.asyncio.Semaphore", Noted)
    async with client() as http:
        assert (await http.get("/accounts/login/")).status_code == 200
        assert len(turns) == 1
        assert (await http.get("/livez")).status_code == 200
        # Without its token Django refuses it, after it has read the body.
        assert (await http.post("/upload/", content=b"a", headers=cookie)).status_code == 403
        assert len(turns) == 1
        assert (await http.get("/upload/")).status_code == 200
        assert len(turns) == 2


async def test_case_63_a_disk_that_is_full_while_a_body_comes_in_is_a_503_in_the_form_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Django spools bodies before any of its middleware runs."""

    def on_a_full_disk(**_options: Any) -> IO[bytes]:
        return Path("/dev/full").open("r+b", buffering=0)

    monkeypatch.setattr(django_handler.tempfile, "SpooledTemporaryFile", on_a_full_disk)
    async with client() as http:
        told = await http.post("/accounts/login/", content=b"login=a", headers={"Accept": "application/json"})
        shown = await http.post("/accounts/login/", content=b"login=a", headers={"Accept": "text/html"})
    assert (told.status_code, told.headers["Retry-After"], told.json()["code"]) == (503, "60", "disk_full")
    assert (shown.status_code, "Our disk is full" in shown.text) == (503, True)
