"""`make bench-front`: how soon the site answers others while strangers send what is meant to stop it, what an upload
costs in memory, and how soon connections that drip are closed."""

from __future__ import annotations

import http.client
import io
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import skimage.data
from PIL import Image

from tests.bench.figures import Figure, publish
from tests.bench.hostile_requests import Hostile, every_one
from tests.site.running import Person, RunningSite

LIVEZ_BAR = 0.5
MEMORY_BAR = 0.5
DRIP_BAR = 11.0
PATIENCE = 3.0
"""Seconds for one hostile request to be answered; the site goes on with the next one anyway."""
AT_ONCE, CROWD = 12, 600
PHOTO_BYTES = 25_000_000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gaze-bench-") as name:
        site = RunningSite(Path(name) / "data", "--no-demo")
        site.start()
        try:
            people = [_person(site, f"person{number}@example.com") for number in range(AT_ONCE)]
            publish("front", [*_memory(site, people), *_hostile(site, people[0]), *_drips(site)])
        finally:
            site.kill()


def _person(site: RunningSite, email: str) -> Person:
    person = Person(site)
    person.http.timeout = httpx.Timeout(120)
    person.sign_in(site.manage("sign_in_link", email).stdout.split()[-1])
    return person


# --- answers to others


class Poller:
    """Client with another address that asks for /livez all the time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._asked = time.perf_counter()
        self._answers: list[tuple[float, float]] = []
        """When each was asked for, and when it came."""

    def __enter__(self) -> Poller:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def worst(self, since: float) -> float:
        """Seconds for the slowest answer that came later, once one has come that was asked for just now."""
        now = time.perf_counter()
        while not self._answers or self._answers[-1][0] < now:
            time.sleep(0.01)
        return max(came - asked for asked, came in self._answers if came >= since)

    def _ask(self) -> None:
        source = ("127.0.0.2", 0)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600, source_address=source)
        while not self._stopped.wait(0.01):
            asked = time.perf_counter()
            connection.request("GET", "/livez")
            assert connection.getresponse().read() == b"alive\n"
            self._answers.append((asked, time.perf_counter()))


def _hostile(site: RunningSite, person: Person) -> list[Figure]:
    session = "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())
    host = urlsplit(site.address).netloc
    requests = [(hostile, hostile.request(host, session)) for hostile in every_one()]
    figures = []
    with Poller(site.port) as poller:
        time.sleep(2)
        figures.append(Figure.plain("slowest /livez, no other client there", poller.worst(0), "s"))
        for hostile, request in requests:
            seconds = _during(poller, partial(_send, site, hostile, request))
            figures.append(Figure.at_most(f"slowest /livez during: {hostile.name}", seconds, "s", LIVEZ_BAR))
        worst = max(figure.value for figure in figures)
        figures.append(Figure.at_most(f"slowest /livez during any of these {len(requests)}", worst, "s", LIVEZ_BAR))
        with ThreadPoolExecutor(len(requests)) as threads:
            seconds = _during(poller, lambda: list(threads.map(lambda each: _send(site, *each), requests)))
        figures.append(Figure.plain("slowest /livez during all of them at once", seconds, "s"))
        seconds = _during(poller, lambda: _crowd(site, host))
        figures.append(Figure.plain(f"slowest /livez while one client asks for {CROWD} pages at once", seconds, "s"))
    return figures


def _during(poller: Poller, action: Callable[[], object]) -> float:
    """Seconds for the slowest answer meanwhile."""
    began = time.perf_counter()
    action()
    return poller.worst(began)


def _crowd(site: RunningSite, host: str) -> None:
    clients = [socket.create_connection(("127.0.0.1", site.port), timeout=120) for _ in range(CROWD)]
    for client in clients:
        client.sendall(f"GET /accounts/login/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    for client in clients:
        with client:
            assert client.recv(12) == b"HTTP/1.1 200"


def _send(site: RunningSite, hostile: Hostile, request: bytes) -> None:
    """And read what comes back until there is nothing more or patience is at an end."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as client:
        if hostile.drips:
            end = time.perf_counter() + PATIENCE
            for byte in request:
                client.sendall(bytes([byte]))
                time.sleep(0.01)
                if time.perf_counter() > end:
                    break
            return
        client.sendall(request)
        end = time.perf_counter() + PATIENCE
        while client.recv(1 << 16) and time.perf_counter() < end:
            client.settimeout(1.0)


# --- memory


def _memory(site: RunningSite, people: list[Person]) -> list[Figure]:
    photo = _photo()
    figures = []
    assert _upload(people[0], photo[:100_000]) in (201, 422)  # whatever is loaded with the first one
    for count in (1, AT_ONCE):
        before = _reset_peak(site.pid)
        with ThreadPoolExecutor(count) as threads:
            statuses = list(threads.map(lambda person: _upload(person, photo), people[:count]))
        growth = _peak(site.pid) - before
        name = f"{count} upload{'s' if count > 1 else ''} of {PHOTO_BYTES // 1_000_000} MB at once"
        bar = Figure.at_most(f"memory for each byte, {name}", growth / (count * PHOTO_BYTES), "bytes", MEMORY_BAR)
        answered = Figure.plain(f"accepted, {name}", statuses.count(201), "uploads")
        figures += [bar, Figure.plain(f"memory, {name}", growth / 1e6, "MB"), answered]
    return figures


def _photo() -> bytes:
    """A JPEG that a camera has filled up with data of its own."""
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "JPEG", quality=92)
    jpeg = file.getvalue()
    segment = b"\xff\xe5\xff\xff" + bytes(0xFFFD)
    return jpeg[:2] + segment * ((PHOTO_BYTES - len(jpeg)) // len(segment)) + jpeg[2:]


def _upload(person: Person, photo: bytes) -> int:
    files = {"photo": ("photo.jpg", photo, "image/jpeg")}
    form = {"csrfmiddlewaretoken": person.token("/upload/"), "consent": "on"}
    return person.http.post("/upload/", data=form, files=files, headers={"Accept": "application/json"}).status_code


def _reset_peak(pid: int) -> float:
    """Bytes that the process has now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _peak(pid)


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024.0


# --- connections that drip


def _drips(site: RunningSite) -> list[Figure]:
    with ThreadPoolExecutor(20) as threads:
        seconds = list(threads.map(lambda number: _dripped(site, number), range(20)))
    return [Figure.at_most("headers that drip, until closed, slowest of 20", max(seconds), "s", DRIP_BAR)]


def _dripped(site: RunningSite, number: int) -> float:
    """Seconds until the connection was closed; every second one says nothing at all."""
    began = time.perf_counter()
    with suppress(OSError), socket.create_connection(("127.0.0.1", site.port), timeout=60) as client:
        client.settimeout(0.25)
        while time.perf_counter() - began < 60:
            if number % 2:
                client.sendall(b"X")
            with suppress(TimeoutError):
                if client.recv(1) == b"":
                    break
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
