"""Metrics: their readers, their two endpoints and their values."""

from __future__ import annotations

import http.client
import socket
import urllib.request
from typing import Any

import httpx
import pytest
from django.conf import settings

from gazesite.asgi import application
from gazesite.observability import metrics
from gazesite.observability.metrics import (
    FORWARDED,
    LOOPBACK,
    MetricsEndpoint,
    MetricsPortError,
    MetricsServer,
    listening,
    may_read,
)

TOKEN = "of-the-one-who-scrapes"


def scope(client: str = "127.0.0.1", **headers: str) -> dict[str, Any]:
    names = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return {"type": "http", "client": (client, 1234), "headers": list(names.items())}


@pytest.mark.parametrize("address", LOOPBACK)
def test_without_a_token_this_machine_may_read(address: str) -> None:
    assert may_read(scope(address), "")


@pytest.mark.parametrize("address", ["10.0.0.1", "203.0.113.9", "::2"])
def test_without_a_token_no_other_machine_may(address: str) -> None:
    assert not may_read(scope(address), "")


@pytest.mark.parametrize("header", [name.decode() for name in FORWARDED])
def test_without_a_token_the_clients_of_a_proxy_on_this_machine_may_not(header: str) -> None:
    assert not may_read(scope(**{header: "127.0.0.1"}), "")


def test_a_socket_without_an_address_may_not() -> None:
    assert not may_read({"type": "http", "client": None, "headers": []}, "")


def test_with_a_token_whoever_bears_it_may_read_from_anywhere() -> None:
    assert may_read(scope("203.0.113.9", authorization=f"Bearer {TOKEN}", x_forwarded_for="198.51.100.7"), TOKEN)


@pytest.mark.parametrize("header", ["", f"Bearer {TOKEN}x", TOKEN, "Bearer ", f"Basic {TOKEN}", f"bearer {TOKEN}"])
def test_with_a_token_nobody_else_may_not_even_this_machine(header: str) -> None:
    assert not may_read(scope(authorization=header), TOKEN)


def test_two_tokens_are_none() -> None:
    both = [(b"authorization", f"Bearer {TOKEN}".encode()), (b"authorization", b"Bearer x")]
    assert not may_read({"type": "http", "client": ("127.0.0.1", 1), "headers": both}, TOKEN)


def reader(app: Any, client: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(client, 1234))
    return httpx.AsyncClient(transport=transport, base_url=settings.SITE_URL)


@pytest.mark.django_db(transaction=True)
async def test_the_site_tells_this_machine_everything_that_it_counts() -> None:
    async with reader(application) as http:
        await http.get("/livez")
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    families = ("gaze_requests_total", "gaze_request_seconds", "gaze_sockets", "gaze_uploads", "gaze_render_attempts")
    for family in (*families, "gaze_render_seconds", "gaze_queue_wait_seconds", "gaze_rows_readable"):
        assert f"# TYPE {family.removesuffix('_total')}" in answer.text, family


async def test_a_stranger_learns_nothing_about_it() -> None:
    async with reader(application, client="203.0.113.9") as http:
        answer = await http.get("/metrics")
    assert (answer.status_code, answer.text) == (404, "not found\n")


async def test_nothing_is_changed_there() -> None:
    async with reader(application) as http:
        assert (await http.post("/metrics")).status_code == 404


async def test_every_other_address_is_the_site_s() -> None:
    async def site(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with reader(MetricsEndpoint(site, "")) as http:
        assert (await http.get("/metrics/")).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_a_port_of_their_own_answers_and_only_this() -> None:
    listener = MetricsServer("127.0.0.1", 0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{listener.port}/metrics", timeout=60) as answer:
            assert b"gaze_queue_wait_seconds" in answer.read()
        connection = http.client.HTTPConnection("127.0.0.1", listener.port, timeout=60)
        connection.request("GET", "/")
        assert connection.getresponse().status == 404
        connection.close()
    finally:
        listener.stop()


def test_port_0_is_none() -> None:
    with listening("127.0.0.1", 0):
        pass


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(MetricsPortError, match=f"METRICS_PORT {port} of 127.0.0.1"), listening("127.0.0.1", port):
            pass


def test_nothing_listens_after_its_end() -> None:
    listener = MetricsServer("127.0.0.1", 0)
    listener.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", listener.port), timeout=2)


def test_a_request_is_counted_by_the_name_of_its_view() -> None:
    before = metrics.REQUESTS.labels("tested", "GET", 200)._value.get()
    metrics.count_request("tested", "GET", 200, 0.1)
    assert metrics.REQUESTS.labels("tested", "GET", 200)._value.get() == before + 1
