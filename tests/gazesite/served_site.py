"""The small site of capped_site.py in a process of its own, and what talks to it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).parents[2]
CAP = 3 << 20
MEMBER = {"Cookie": "sessionid=valid", "Accept": "application/json"}
BOUNDARY = "----boundary"
HEAD = b"POST /upload HTTP/1.1\r\nHost: x\r\nCookie: sessionid=valid\r\n"
HANDSHAKE = (
    b"GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@dataclass(frozen=True)
class Site:
    port: int
    process: int
    folder: Path

    def post(
        self, body: bytes, headers: dict[str, str] | None = None, path: str = "/upload", chunked: bool = False
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        pieces = (body[at : at + 65_536] for at in range(0, len(body), 65_536)) if chunked else body
        connection.request("POST", path, pieces, {**kind, **(headers or MEMBER)}, encode_chunked=chunked)
        answer = connection.getresponse()
        answer.content = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(source, 0))

    def megabytes(self) -> float:
        """The most memory that it ever had."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def spooled(self) -> int:
        """Bytes in temporary files, those without a name included."""
        total = sum(file.stat().st_size for file in self.folder.iterdir())
        for descriptor in Path(f"/proc/{self.process}/fd").iterdir():
            try:
                if str(self.folder) in os.readlink(descriptor):
                    total += descriptor.stat().st_size
            except FileNotFoundError:
                continue  # closed while we looked
        return total


def serve(folder: Path, seconds: float = 60.0, per_address: int = 100, header_seconds: float = 10.0) -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = Path(__file__).with_name("capped_site.py")
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(REPO)}
    with subprocess.Popen(
        [sys.executable, str(script), str(port), str(seconds), str(per_address), str(header_seconds)],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            assert server.stdout.readline() == "ready\n"
            yield Site(port, server.pid, folder)
        finally:
            server.kill()


def form(*files: bytes, fields: int = 0) -> bytes:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="'
    parts = [f'{part}field{n}"\r\n\r\n1\r\n'.encode() for n in range(fields)]
    kind = 'photo"; filename="../../x.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    parts += [f"{part}{kind}".encode() + file + b"\r\n" for file in files]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
