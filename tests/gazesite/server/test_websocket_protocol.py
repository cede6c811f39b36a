"""A client's means against a socket that only listens to it."""

from __future__ import annotations

import pytest

from tests.gazesite.served_site import HANDSHAKE, Site


def test_an_unknown_socket_is_404(site: Site) -> None:
    with site.connect() as client:
        client.sendall(HANDSHAKE % b"/nothing")
        assert client.recv(100).startswith(b"HTTP/1.1 404 Not Found")


def test_what_the_site_says_may_be_longer_than_what_a_page_may_say(site: Site) -> None:
    """A snapshot of a render has some ten thousand bytes."""
    with site.connect() as client:
        client.sendall(HANDSHAKE % b"/talking-socket")
        said = b""
        while said.count(b"x" * 100) < 400:
            piece = client.recv(1 << 16)
            assert piece, "the socket was closed"
            said += piece


@pytest.mark.parametrize(
    "frames", [b"\x82\xfe\x08\x00" + bytes(2052), b"\x89\x80\0\0\0\0" * 500], ids=["a large one", "many"]
)
def test_a_socket_that_talks_is_closed(site: Site, frames: bytes) -> None:
    with site.connect() as client:
        client.sendall(HANDSHAKE % b"/socket")
        assert client.recv(4096).startswith(b"HTTP/1.1 101 ")
        try:
            client.sendall(frames)
            while client.recv(4096):
                pass
        except ConnectionError:
            return


def test_a_socket_that_names_protocols_in_bytes_is_answered_like_any_other(site: Site) -> None:
    with site.connect() as client:
        client.sendall(HANDSHAKE[:-2] % b"/socket" + b"Sec-WebSocket-Protocol: \xff\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 101 ")
