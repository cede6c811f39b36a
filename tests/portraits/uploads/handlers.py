"""Sandbox handler that does what the upload says, as a compromised decoder might."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
import time
from collections.abc import Callable


def warm() -> None: ...


def handle(upload: bytes) -> bytes:
    """Reply of one of ACTIONS. upload: its name, and its argument after a space."""
    name, _, rest = upload.partition(b" ")
    return ACTIONS[name.decode()](rest)


def _spin(_: bytes) -> bytes:
    while True:
        pass


def _sleep(_: bytes) -> bytes:
    time.sleep(600)
    return b""


def _allocate(megabytes: bytes) -> bytes:
    return b"%d" % len(bytearray(int(megabytes) << 20))


def _crash(_: bytes) -> bytes:
    ctypes.string_at(0)
    return b""


def _leave(status: bytes) -> bytes:
    os._exit(int(status))


def _raise(message: bytes) -> bytes:
    raise RuntimeError(message.decode())


def _open(path: bytes) -> bytes:
    with open(path, "rb") as file:
        return file.read(1)


def _write(_: bytes) -> bytes:
    """Write to standard error, which a test has redirected to a file."""
    return b"%d" % os.write(2, b"overflowing")


def _connect(port: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", int(port))):
        return b"connected"


def _describe(_: bytes) -> bytes:
    names = ("RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_AS")
    return json.dumps(
        {
            "environment": dict(os.environ),
            "limits": {name: resource.getrlimit(getattr(resource, name)) for name in names},
            "descriptors": [number for number in range(256) if _is_open(number)],
            "process": os.getpid(),
        }
    ).encode()


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


ACTIONS: dict[str, Callable[[bytes], bytes]] = {
    "echo": lambda rest: rest,
    "length": lambda rest: b"%d" % len(rest),
    "flood": lambda megabytes: bytes(int(megabytes) << 20),
    "spin": _spin,
    "sleep": _sleep,
    "allocate": _allocate,
    "crash": _crash,
    "leave": _leave,
    "raise": _raise,
    "open": _open,
    "write": _write,
    "connect": _connect,
    "describe": _describe,
}
