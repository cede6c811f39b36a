"""An address that works, whatever the server listens on."""

from __future__ import annotations

import socket

import pytest

from gazesite.server import listening
from gazesite.server.listening import http_addresses

OWN = {socket.AF_INET: "192.168.1.7", socket.AF_INET6: "2001:db8::7"}


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("127.0.0.1", ["http://127.0.0.1:3000"]),
        ("gaze.local", ["http://gaze.local:3000"]),
        ("::1", ["http://[::1]:3000"]),
        ("0.0.0.0", ["http://127.0.0.1:3000", "http://192.168.1.7:3000"]),
        ("::", ["http://[::1]:3000", "http://[2001:db8::7]:3000"]),
    ],
)
def test_a_listener_is_where_people_can_go(monkeypatch: pytest.MonkeyPatch, host: str, found: list[str]) -> None:
    monkeypatch.setattr(listening, "_own_address", OWN.get)
    assert http_addresses(host, 3000) == found


@pytest.mark.parametrize(("host", "only"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])
def test_without_a_network_there_is_this_machine_alone(monkeypatch: pytest.MonkeyPatch, host: str, only: str) -> None:
    monkeypatch.setattr(listening, "_own_address", lambda family: None)
    assert http_addresses(host, 3000) == [f"http://{only}:3000"]


def test_the_default_port_is_left_out_as_browsers_do() -> None:
    assert http_addresses("127.0.0.1", 80) == ["http://127.0.0.1"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_real_listener_answers_at_each_of_its_addresses(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        port = server.getsockname()[1]
        for address in http_addresses(host, port):
            name = address.removeprefix("http://").rpartition(":")[0].strip("[]")
            socket.create_connection((name, port), timeout=60).close()
