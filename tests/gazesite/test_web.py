"""Where pages are served. The running server is tried in tests/site and tests/production."""

from __future__ import annotations

import socket

import pytest

from gazesite import web


def test_a_free_port_passes_and_an_occupied_one_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        other.listen()
        with pytest.raises(web.PortTakenError, match=f"Port {port} is in use.*PORT={port + 1} make run"):
            web.check_port("127.0.0.1", port)
    web.check_port("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_refused_with_its_reason() -> None:
    with pytest.raises(web.PortTakenError, match="cannot be used"):
        web.check_port("192.0.2.1", 3000)
