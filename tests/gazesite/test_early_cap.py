"""Both caps before a real Django on a real Daphne: what a stranger's bytes leave behind."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gpuworker.processes import eventually

REPO = Path(__file__).parents[2]
CAP = 3 << 20
MEMBER = {"Cookie": "sessionid=valid", "Accept": "application/json"}
BOUNDARY = "----boundary"
HEAD = b"POST /upload HTTP/1.1\r\nHost: x\r\nCookie: sessionid=valid\r\n"


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


def serve(folder: Path, seconds: float) -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = Path(__file__).with_name("capped_site.py")
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(REPO)}
    with subprocess.Popen(
        [sys.executable, str(script), str(port), str(seconds)], stdout=subprocess.PIPE, env=environment, text=True
    ) as server:
        assert server.stdout is not None
        try:
            assert server.stdout.readline() == "ready\n"
            yield Site(port, server.pid, folder)
        finally:
            server.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("spool"), 60.0)


def form(*files: bytes, fields: int = 0) -> bytes:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="'
    parts = [f'{part}field{n}"\r\n\r\n1\r\n'.encode() for n in range(fields)]
    kind = 'photo"; filename="../../x.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    parts += [f"{part}{kind}".encode() + file + b"\r\n" for file in files]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


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
        client.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n")
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
