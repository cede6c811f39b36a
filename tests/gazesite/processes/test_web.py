"""Where pages are served. The running server is tried in tests/site and tests/production."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from gazesite.processes import web


def test_a_free_port_passes_and_an_occupied_one_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        other.listen()
        with pytest.raises(web.PortInUseError, match=f"Port {port} is in use.*PORT={port + 1} make run"):
            web.check_port("127.0.0.1", port)
    web.check_port("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_refused_with_its_reason() -> None:
    with pytest.raises(web.PortInUseError, match="cannot be used"):
        web.check_port("192.0.2.1", 3000)


def test_the_server_gets_the_limits_that_are_set(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    options: dict[str, Any] = {}

    class Server:
        def __init__(self, **given: Any) -> None:
            options.update(given)

        def run(self) -> None:
            pass

    monkeypatch.setattr("gazesite.server.daphne_server.SiteServer", Server)
    monkeypatch.setattr("gazesite.server.daphne_server.allowed_connections", lambda wanted: wanted)
    settings.CONNECTIONS, settings.CONNECTIONS_PER_ADDRESS, settings.TRUSTED_PROXIES = 100, 60, ["10.0.0.0/8"]
    web.serve("127.0.0.1", 3000, Nothing(), lambda: None)
    assert (options["connections"], options["per_address"]) == (100, 50)
    assert [options["is_proxy"](peer) for peer in ("10.0.0.1", "192.0.2.1")] == [True, False]


def test_looks_that_were_counted_are_written_before_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(web, "empty_scratch", lambda: None)
    monkeypatch.setattr(web.validation, "start", lambda: None)
    monkeypatch.setattr(web.validation, "stop", lambda: None)
    monkeypatch.setattr("portraits.sharing.looks.write", lambda: done.append("written"))
    monkeypatch.setattr("portraits.sharing.looks.close_old_connections", lambda: None)
    services = web.WebServices()
    services.start()
    services.stop()
    assert done == ["written"]


class Nothing:
    """Lives beside the server and does nothing."""

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass
