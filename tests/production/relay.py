"""A line between the site and a part, which a test can cut and mend."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """Passes on whatever comes to `port` of loopback. Cut, it closes every connection at once, new ones too."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            open_now, self._open = self._open, set()
        for connection in open_now:
            _close(connection)

    def mend(self) -> None:
        with self._lock:
            self._cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            with self._lock:
                cut = self._cut
            if cut:
                _close(connection)
                continue
            try:
                beyond = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                _close(connection)
                continue
            with self._lock:
                self._open |= {connection, beyond}
            for pair in ((connection, beyond), (beyond, connection)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for each in (source, sink):
            _close(each)
            with self._lock:
                self._open.discard(each)


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
