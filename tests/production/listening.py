"""A page's socket, as far as a test needs one: what the site sends to it, in order."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from typing import Any

from tests.site.running import Person

TEXT, CLOSE = 1, 8


class Listener:
    """The socket of a session's page, opened with the person's cookies."""

    def __init__(self, person: Person, session: str) -> None:
        address = person.http.base_url
        self._socket = socket.create_connection((address.host, address.port or 80), timeout=30)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.http.cookies.jar)
        head = (
            f"GET /ws/sessions/{session}/ HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n"
            f"Origin: {str(address).rstrip('/')}\r\nCookie: {cookies}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self._socket.sendall(head.encode())
        self._file = self._socket.makefile("rb")
        status = self._file.readline()
        assert b" 101 " in status, status
        while self._file.readline().strip():
            pass

    def next(self) -> dict[str, Any]:
        """The next snapshot; waits for it."""
        while True:
            first, length = self._file.read(2)
            if length >= 126:
                size = 2 if length == 126 else 8
                (length,) = struct.unpack(">H" if size == 2 else ">Q", self._file.read(size))
            body = self._file.read(length)
            assert first & 15 != CLOSE, body
            if first & 15 == TEXT:
                snapshot: dict[str, Any] = json.loads(body)
                return snapshot

    def until(self, state: str) -> list[dict[str, Any]]:
        """Every snapshot up to the first one in that state."""
        seen = [self.next()]
        while seen[-1]["state"] != state:
            seen.append(self.next())
        return seen

    def close(self) -> None:
        self._file.close()
        self._socket.close()
