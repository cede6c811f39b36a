"""The site's server with the cap on bodies before a real Django: what a stranger's bytes cost and leave behind."""

from __future__ import annotations

import asyncio
import http.client
import json
import resource
import socket
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransportWithDisconnection

from gazesite.limits.concurrency_limit import ConcurrencyLimit
from gazesite.server import daphne_server
from tests.gazesite.served_site import CAP, HANDSHAKE, HEAD, MEMBER, Site, form, serve
from tests.gpuworker.processes import eventually


def test_an_upload_within_the_cap_arrives_whole(site: Site) -> None:
    answer = site.post(form(bytes(2 << 20)))
    assert (answer.status, json.loads(answer.content)["bytes"]) == (200, 2 << 20)


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_case_02_more_than_the_cap_is_413_and_nothing_stays(site: Site, chunked: bool) -> None:
    answer = site.post(form(bytes(2 * CAP)), chunked=chunked)
    assert (answer.status, json.loads(answer.content)["code"]) == (413, "upload_too_large")
    assert eventually(lambda: site.spooled() == 0)


def test_case_02_a_lying_length_is_answered_at_once(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as client:
        client.sendall(
            b"POST /upload HTTP/1.1\r\nHost: x\r\nCookie: sessionid=valid\r\nContent-Length: 900000000\r\n\r\n"
        )
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
        assert site.spooled() == 0


def test_case_02_an_endless_body_never_takes_more_room_than_the_cap(site: Site) -> None:
    most = 0
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as client:
        client.sendall(
            b"POST /upload HTTP/1.1\r\nHost: x\r\nCookie: sessionid=valid\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(3 * CAP >> 18):
            client.sendall(b"40000\r\n" + bytes(0x40000) + b"\r\n")
            most = max(most, site.spooled())
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
    assert 0 < most <= CAP
    assert eventually(lambda: site.spooled() == 0)


def test_case_02_without_a_session_an_upload_is_answered_before_its_first_byte(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as client:
        client.sendall(
            b"POST /upload HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nContent-Length: 2000000\r\n\r\n"
        )
        assert client.recv(100).startswith(b"HTTP/1.1 401 ")
        assert site.spooled() == 0


def test_case_02_without_a_session_the_answer_says_why(site: Site) -> None:
    answer = site.post(form(bytes(2 << 20)), {"Accept": "application/json"})
    assert (answer.status, json.loads(answer.content)["code"]) == (401, "sign_in_required")
    assert site.spooled() == 0


def test_case_02_with_a_forged_session_django_spools_nothing(site: Site) -> None:
    answer = site.post(form(bytes(2 << 20)), {**MEMBER, "Cookie": "sessionid=forged"})
    assert answer.status == 401
    assert eventually(lambda: site.spooled() == 0)


def test_other_addresses_take_a_megabyte(site: Site) -> None:
    assert site.post(form(bytes(1 << 19)), path="/other").status == 200
    assert site.post(form(bytes(1 << 20)), path="/other").status == 413
    assert site.post(form(bytes(1 << 20)), path="/other?path=/upload").status == 413


def test_a_length_that_is_no_number_is_400(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as client:
        client.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("body", [form(fields=1000), form(*[b"x"] * 1000)], ids=["fields", "files"])
def test_case_19_a_form_of_a_thousand_parts_is_400(site: Site, body: bytes) -> None:
    assert site.post(body).status == 400


def test_a_connection_serves_the_next_request_after_a_page(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    for _ in range(2):
        connection.request("GET", "/other")
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
    connection.close()


def test_a_body_that_drips_is_let_go(tmp_path: Path) -> None:
    for slow in serve(tmp_path, 0.3):
        with socket.create_connection(("127.0.0.1", slow.port), timeout=20) as client:
            client.sendall(HEAD + b"Content-Length: 9\r\n\r\nx")
            assert client.recv(100).startswith(b"HTTP/1.1 408 ")


# ------------------------------------------------------------- connections


def test_headers_that_drip_end_the_connection(tmp_path: Path) -> None:
    for site in serve(tmp_path, header_seconds=0.4):
        with site.connect() as client:
            client.settimeout(0.05)
            client.sendall(b"GET /other HTTP/1.1\r\n")
            assert eventually(lambda: drips_into_nothing(client))
        with site.connect() as silent:
            assert silent.recv(1) == b""


def drips_into_nothing(client: socket.socket) -> bool:
    """Whether the server has let go of it."""
    try:
        client.sendall(b"X-A: b\r\n")
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_one_address_has_so_many_connections_and_sockets_and_leaves_room_for_others(tmp_path: Path) -> None:
    for site in serve(tmp_path, per_address=3):
        with site.connect() as first, site.connect(), site.connect():
            first.sendall(HANDSHAKE % b"/socket")
            assert first.recv(100).startswith(b"HTTP/1.1 101 ")
            with site.connect() as fourth:
                assert fourth.recv(4096).startswith(b"HTTP/1.1 503 ")
            with site.connect("127.0.0.2") as other:
                other.sendall(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
                assert other.recv(100).startswith(b"HTTP/1.1 200 ")
        assert eventually(partial(has_room_for, site, 3))


def has_room_for(site: Site, connections: int) -> bool:
    """Whether so many are answered at once."""
    with ExitStack() as opened, suppress(ConnectionError):
        clients = [opened.enter_context(site.connect()) for _ in range(connections)]
        for client in clients:
            client.sendall(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
        return all(client.recv(100).startswith(b"HTTP/1.1 200 ") for client in clients)
    return False


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "connections"),
    [
        (1_024, 1_048_576, 65_536, 5_000),
        (1_024, resource.RLIM_INFINITY, 65_536, 5_000),
        (256, 4_096, 4_096, 819),
        (1_024, 1_024, 1_024, 204),
        (100_000, 100_000, 100_000, 5_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, resource.RLIM_INFINITY, 5_000),
    ],
)
def test_connections_leave_room_for_the_files_that_each_may_need(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int, connections: int
) -> None:
    now = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: now[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, limits: now.append(limits))
    assert daphne_server.allowed_connections(5_000) == connections
    assert now[-1][0] == raised


def test_a_system_that_allows_fewer_files_than_it_says_gets_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [(256, resource.RLIM_INFINITY)]

    def setrlimit(_kind: int, limits: tuple[int, int]) -> None:
        if limits[0] > 10_240:
            raise ValueError("current limit exceeds maximum limit")
        now.append(limits)

    monkeypatch.setattr(resource, "getrlimit", lambda _kind: now[-1])
    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    assert daphne_server.allowed_connections(5_000) == 2_048


async def test_a_connection_whose_headers_are_not_there_yet_holds_up_no_shutdown() -> None:
    stopping = daphne_server.SiteServer(None, endpoints=["tcp:0"], connections=1, per_address=1)
    stopping.connections = {object(): {"connected": 0.0}}
    await stopping.kill_all_applications().asFuture(asyncio.get_running_loop())


def test_the_overall_limit_closes_what_is_too_much_whoever_it_is() -> None:
    overall, by_address = ConcurrencyLimit("connections", 2), ConcurrencyLimit("connections from one address", 2)
    wrapped = Factory.forProtocol(Protocol)
    factory = daphne_server.LimitedConnections(wrapped, overall, by_address, lambda peer: peer == "10.0.0.1")
    proxy = IPv4Address("TCP", "10.0.0.1", 1)
    built = [factory.buildProtocol(proxy) for _ in range(3)]
    assert [each is not None for each in built] == [True, True, False]
    assert by_address.open("10.0.0.1") == 0
    transport = StringTransportWithDisconnection(peerAddress=proxy)
    transport.protocol = built[0]
    built[0].makeConnection(transport)
    transport.loseConnection()
    assert factory.buildProtocol(proxy) is not None
