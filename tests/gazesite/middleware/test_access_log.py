"""A line, a number and an identifier for everything that is answered."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client
from prometheus_client import REGISTRY

from gazesite.asgi import application
from gazesite.asgi_types import Message, Receive, Scope, Send
from gazesite.middleware.access_log import AccessLog
from portraits import log_context
from portraits.models import User
from tests.portraits import factories

TOKEN = "Zk3-q_0aVb1cXdYe2fGh4i"
database = pytest.mark.django_db(transaction=True)


def client(app: Any = application, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, **options), base_url=settings.SITE_URL)


def counted(view: str, status: int, method: str = "GET") -> float:
    return (
        REGISTRY.get_sample_value("gaze_requests_total", {"view": view, "method": method, "status": str(status)}) or 0
    )


class Kept(logging.Handler):
    """Keeps the lines that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record)


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    """Lines of the access log."""
    kept, logger = Kept(), logging.getLogger("gazesite.access")
    logger.addHandler(kept)
    yield kept.lines
    logger.removeHandler(kept)


@database
async def test_a_request_gets_a_line_with_method_path_status_and_milliseconds(
    lines: list[logging.LogRecord],
) -> None:
    async with client() as http:
        await http.get("/nowhere/?q=secret")
    (line,) = lines
    fields = line.fields
    assert (fields["method"], fields["path"], fields["status"]) == ("GET", "/nowhere/", 404)
    assert fields["ms"] > 0
    assert "user" not in fields
    assert "secret" not in line.getMessage()


@database
async def test_a_line_names_the_person_by_number(lines: list[logging.LogRecord]) -> None:
    person, cookie = await sync_to_async(signed_in)()
    async with client() as http:
        await http.get("/portraits/", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"})
    (line,) = lines
    assert (line.fields["user"], line.fields["status"]) == (person.pk, 200)
    assert person.email not in line.getMessage()


def signed_in() -> tuple[User, str]:
    person = factories.user("owner")
    browser = Client()
    browser.force_login(person)
    return person, browser.cookies[settings.SESSION_COOKIE_NAME].value


@database
async def test_every_answer_has_an_identifier_of_ours_that_lines_share(lines: list[logging.LogRecord]) -> None:
    async with client() as http:
        first = await http.get("/nowhere/", headers={"X-Request-ID": "chosen"})
        second = await http.get("/static/gaze/gaze-tracker.js")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert "chosen" not in first.headers["x-request-id"]


async def test_what_is_logged_meanwhile_is_about_this_request() -> None:
    seen: dict[str, str] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(log_context.current())
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with client(AccessLog(app)) as http:
        answer = await http.get("/")
    assert seen == {"request": answer.headers["x-request-id"]}
    assert log_context.current() == {}


@database
async def test_answers_are_counted_by_the_name_of_the_address_and_never_by_the_address() -> None:
    before = counted("livez", 200), counted("none", 404), counted("static", 200), counted("share", 404)
    async with client() as http:
        await http.get("/livez")
        await http.get("/some/where")
        await http.get("/static/gaze/gaze-tracker.js")
        await http.get(f"/s/{TOKEN}/")
    after = counted("livez", 200), counted("none", 404), counted("static", 200), counted("share", 404)
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1, 1]


async def test_an_unheard_of_method_is_counted_as_other() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 405, "headers": []})
        await send({"type": "http.response.body"})

    before = counted("none", 405, "OTHER")
    async with client(AccessLog(app)) as http:
        await http.request("BREW", "/")
    assert counted("none", 405, "OTHER") == before + 1


async def test_an_application_that_fails_is_a_500_and_the_error_goes_on(lines: list[logging.LogRecord]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        async with client(AccessLog(app)) as http:
            await http.get("/")
    assert lines[-1].fields["status"] == 500


async def test_a_client_that_left_is_a_499(lines: list[logging.LogRecord]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    await AccessLog(app)({"type": "http", "path": "/", "method": "GET", "headers": []}, gone, unheard)
    assert lines[-1].fields["status"] == 499


async def test_an_open_socket_is_counted_until_it_ends(lines: list[logging.LogRecord]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        assert REGISTRY.get_sample_value("gaze_sockets") == before + 1

    before = REGISTRY.get_sample_value("gaze_sockets") or 0
    await AccessLog(app)({"type": "websocket", "path": "/ws/", "headers": []}, gone, unheard)
    assert REGISTRY.get_sample_value("gaze_sockets") == before
    assert (lines[-1].fields["method"], lines[-1].fields["status"]) == ("WS", 101)


async def test_a_refused_socket_is_a_403_and_counts_as_none(lines: list[logging.LogRecord]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close"})

    before = REGISTRY.get_sample_value("gaze_sockets") or 0
    await AccessLog(app)({"type": "websocket", "path": "/ws/", "headers": []}, gone, unheard)
    assert (lines[-1].fields["status"], REGISTRY.get_sample_value("gaze_sockets")) == (403, before)


async def test_a_path_cannot_break_a_line(lines: list[logging.LogRecord]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None: ...

    await AccessLog(app)({"type": "http", "path": "/a\nb\x1b[0m", "method": "GET", "headers": []}, gone, unheard)
    assert lines[-1].fields["path"] == "/a%0Ab%1B%5B0m"


@database
async def test_a_path_of_kilobytes_is_a_short_line(lines: list[logging.LogRecord]) -> None:
    async with client() as http:
        await http.get("/" + "a." * 7_000)
    assert len(lines[0].getMessage()) < 500


@database
async def test_probes_and_static_files_that_succeed_get_no_line(lines: list[logging.LogRecord]) -> None:
    async with client() as http:
        await http.get("/livez")
        await http.get("/static/gaze/gaze-tracker.js")
        await http.get("/static/nothing.js")
    paths = [line.fields["path"] for line in lines]
    assert paths == ["/static/nothing.js"]


async def gone() -> Message:
    return {"type": "http.disconnect"}


async def unheard(message: Message) -> None:
    return None
