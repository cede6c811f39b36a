"""Requests that are meant to keep a server busy: what is sent, and whether a signed-in user sends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

BOUNDARY = "x"
KB, MB = 1 << 10, 1 << 20
FORM = f"multipart/form-data; boundary={BOUNDARY}"
PAIRS = "application/x-www-form-urlencoded"
MADE_UP = "csrf=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
"""Cookie with which Django looks for a token in the form, and so reads it."""


@dataclass(frozen=True)
class Hostile:
    """head: request line and headers without Host and Cookie; drips: a byte at a time; member: with a real session."""

    name: str
    head: str
    body: bytes = b""
    cookie: str = MADE_UP
    member: bool = False
    drips: bool = False

    def request(self, host: str, session: str) -> bytes:
        cookie = session if self.member else self.cookie
        method, _, rest = self.head.partition("\r\n")
        lines = [method, f"Host: {host}", f"Cookie: {cookie}", *filter(None, rest.split("\r\n"))]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


def post(name: str, body: bytes, kind: str = FORM, path: str = "/accounts/login/", member: bool = False) -> Hostile:
    head = f"POST {path} HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
    return Hostile(name, head, body, member=member)


def get(name: str, path: str = "/", more: str = "", **options: str) -> Hostile:
    return Hostile(name, f"GET {path} HTTP/1.1\r\n{more}", **options)


def chunked(name: str, body: bytes, path: str = "/accounts/login/") -> Hostile:
    return Hostile(name, f"POST {path} HTTP/1.1\r\nContent-Type: {PAIRS}\r\nTransfer-Encoding: chunked", body)


def socket(name: str, frames: bytes = b"", path: str = "/ws/sessions/0/", more: str = "", **options: str) -> Hostile:
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}"
    return Hostile(name, f"GET {path} HTTP/1.1\r\n{upgrade}{key}", frames, **options)


def every_one() -> Iterator[Hostile]:
    """Forms of strangers, forms of members, headers, bodies in chunks, sockets."""
    yield from _forms(1 * MB, "1 MB", "/accounts/login/", member=False)
    yield from _forms(60 * KB, "60 KB", "/accounts/login/", member=False)
    yield from _forms(24 * MB, "24 MB, signed in", "/upload/", member=True)
    yield post("pairs, 1 MB, signed in", b"a=1&" * (MB // 4), PAIRS, "/upload/", member=True)
    yield post("an anonymous upload, 24 MB", nested(24 * MB), path="/upload/")
    yield post("deep JSON, 60 KB", b"[" * 60 * KB, "application/json")
    yield from _headers()
    yield from _chunks()
    yield from _sockets()


def _forms(size: int, told: str, path: str, member: bool) -> Iterator[Hostile]:
    yield post(f"nested multiparts, {told}", nested(size), path=path, member=member)
    yield post(f"boundaries only, {told}", b"--x\r\n" * (size // 5), path=path, member=member)
    yield post(f"parts without headers, {told}", b"--x\r\n\r\n\r\n" * (size // 9), path=path, member=member)
    field = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    yield post(f"fields, {told}", field * (size // len(field)), path=path, member=member)
    file = field.replace(b'"a"', b'"photo"; filename="a"')
    yield post(f"a part's header of everything, {told}", file[:-6] + b"; a=b" * (size // 5), path=path, member=member)
    base64 = file.replace(b"\r\n\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
    yield post(f"base64 of spaces, {told}", base64 + b" " * (size - 200), path=path, member=member)
    yield post(f"line ends, {told}", file + b"\r\n" * (size // 2 - 200), path=path, member=member)
    if not member:
        yield post(f"pairs, {told}", b"a=1&" * (size // 4), PAIRS)
        yield post(f"escapes, {told}", b"a=" + b"%41" * (size // 3 - 2), PAIRS)


def nested(size: int) -> bytes:
    """Multiparts in multiparts, then line ends that every one of them looks at."""
    parts = [f"--x{n}\r\nContent-Type: multipart/mixed; boundary=x{n + 1}\r\n\r\n" for n in range(500)]
    start = "".join(parts).replace("--x0", "--x", 1).encode()
    return start + b"\r\n" * ((size - len(start)) // 2)


def _headers() -> Iterator[Hostile]:
    quoted = 'session="' + "\\" * 15_000 + '"'
    yield get("a quoted cookie, 15 KB", cookie=quoted)
    yield Hostile("a quoted cookie before an upload", "POST /upload/ HTTP/1.1\r\nContent-Length: 9", cookie=quoted)
    yield get("thousands of cookies", cookie="a=b;" * 3_500)
    yield get("thousands of arguments", "/?" + "a=1&" * 3_500)
    yield get("an address of 15 KB", "/" + "%2e%2e/" * 2_000)
    yield get("an address of dots", "/" + "a." * 7_000)
    yield get("more headers than anybody sends", more="X-A: b\r\n" * 490)
    yield get("a header of one header's lines", more="X-A: b\r\n" + " \r\n" * 5_000)
    yield get("a header of 60 KB", more="X-A: " + "b" * 60 * KB)
    yield get("a chain of proxies", more="X-Forwarded-For: " + "127.0.0.1," * 1_500)
    yield get("thousands of kinds that are liked", more="Accept: " + "a/b;q=0.1," * 1_400)
    yield get("thousands of ranges", "/static/gaze/gaze-tracker.js", "Range: bytes=" + "0-1," * 3_500)
    yield get("thousands of validators", "/static/gaze/gaze-tracker.js", "If-None-Match: " + '"a", ' * 3_000)
    for name, text in (("parameters", "; a*0=b" * 2_000), ("quotes", ';"' * 7_000), ("comments", "(" * 15_000)):
        yield post(f"a Content-Type of {name}", b"a=1", f"multipart/form-data{text}; boundary=x")
    yield Hostile("a length of thousands of digits", "POST / HTTP/1.1\r\nContent-Length: " + "9" * 5_000)
    yield Hostile("headers that drip", "GET / HTTP/1.1\r\n" + "X-A: b\r\n" * 100, drips=True)
    yield Hostile("a thousand requests at once", "GET / HTTP/1.1", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000)


def _chunks() -> Iterator[Hostile]:
    yield chunked("chunks of one byte", b"1\r\na\r\n" * 100_000)
    yield chunked("chunks with long extensions", (b"1;" + b"a" * 1_000 + b"\r\nb\r\n") * 900)
    yield chunked("a trailer of 60 KB", b"1\r\na\r\n0\r\n" + b"X-A: b\r\n" * 7_500 + b"\r\n")
    yield chunked("a chunk's length of a thousand digits", b"f" * 1_000 + b"\r\n")
    yield chunked("chunks without an end, to upload", b"fffff\r\n" + b"a" * 0xFFFFF, "/upload/")


def _sockets() -> Iterator[Hostile]:
    yield socket("a quoted cookie on a socket", cookie='session="' + "\\" * 15_000 + '"')
    yield socket("a socket's origin of 15 KB", more="Origin: http://[" + "a" * 15_000)
    yield socket("a socket at an unknown address", path="/" + "a/" * 5_000)
    yield socket("pings before the handshake is answered", b"\x89\x80\0\0\0\0" * 200_000)
    yield socket("a message of 1 MB", b"\x81\xff" + (MB).to_bytes(8) + b"\0\0\0\0" + b"a" * MB)
