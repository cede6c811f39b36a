"""`python -m gpuworker serve`: real sockets, and once a real process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import uvicorn

from gpuworker.clock import ManualClock
from gpuworker.errors import AccessDenied, BadRequest, WorkerDied, WorkerLost
from gpuworker.server.app import About, create_app
from gpuworker.server.http_server import HeaderTimeoutProtocol, Serving, ShutdownMonitor, serve, serving_from
from gpuworker.server.job_queue import JobTable
from gpuworker.workers.fake import FakeWorker
from tests.gpuworker.jobs import TOKEN, a_job, ended, table
from tests.gpuworker.processes import eventually

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Gaze-Protocol": "3"}


def options(**more: object) -> SimpleNamespace:
    given = {"host": "127.0.0.1", "port": 0, "engine": None, "no_token": False, "processes": None, "idle_exit": 0.0}
    return SimpleNamespace(**(given | more))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"host": "0.0.0.0", "open": True},
        {"host": "10.0.0.1", "open": True},
        {"token": "short"},
        {"host": "0.0.0.0", "token": "short"},
    ],
)
def test_strangers_are_never_let_in_by_accident(wrong: dict[str, object]) -> None:
    with pytest.raises(BadRequest, match="token"):
        Serving(**wrong)


def test_a_token_or_loopback_with_an_explicit_wish_is_needed() -> None:
    assert Serving(host="0.0.0.0", token=TOKEN).token == TOKEN
    assert Serving(host="127.0.0.1", open=True).token is None


def test_an_engine_that_does_not_exist_is_named_before_anything_starts() -> None:
    with pytest.raises(BadRequest, match="magic"):
        Serving(engine="magic", open=True)


def test_a_rented_machine_is_told_by_its_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    environment = {
        "WORKER_TOKEN_FILE": str(tmp_path / "token"),
        "WORKER_IDLE_EXIT": "900",
        "WORKER_UNTIL": "1780000000",
    }
    serving = serving_from(options(), environment | {"WORKER_ENGINE": "warp"})
    assert (serving.token, serving.idle_exit, serving.until) == (TOKEN, 900, 1_780_000_000)
    assert serving_from(options(idle_exit=5.0), environment).idle_exit == 5
    with pytest.raises(BadRequest, match="WORKER_IDLE_EXIT"):
        serving_from(options(), environment | {"WORKER_IDLE_EXIT": "soon"})
    with pytest.raises(BadRequest, match="WORKER_TOKEN"):
        serving_from(options(), {})


def test_an_occupied_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadRequest, match=f"Port {port} .* --port"):
            serve(Serving(port=port, open=True))


@pytest.mark.parametrize(
    ("idle_exit", "until", "passed", "ends"),
    [(600, 0, 599, False), (600, 0, 600, True), (0, 0, 10**7, False), (0, 50, 49, False), (0, 50, 50, True)],
)
def test_the_worker_ends_when_idle_for_long_and_when_it_cannot_be_paid(
    tmp_path: Path, idle_exit: float, until: float, passed: float, ends: bool
) -> None:
    clock = ManualClock(0.0)
    with table(tmp_path, clock=clock) as jobs:
        assert eventually(lambda: jobs.readiness == "ready")
        server = SimpleNamespace(should_exit=False)
        monitor = ShutdownMonitor(jobs, server, idle_exit, until, clock)
        clock.advance(passed)
        monitor.check()
        assert server.should_exit is ends


def test_a_worker_that_cannot_start_ends(tmp_path: Path) -> None:
    def fail() -> None:
        raise WorkerDied("Weights are not what they should be.")

    with table(tmp_path, preparation=(("loading", fail),)) as jobs:
        assert eventually(lambda: jobs.failure is not None)
        server = SimpleNamespace(should_exit=False)
        ShutdownMonitor(jobs, server, 0, 0).check()
        assert server.should_exit


def test_the_watch_purges_old_jobs(tmp_path: Path) -> None:
    clock = ManualClock()
    with table(tmp_path, clock=clock) as jobs:
        jobs.submit(a_job())
        assert ended(jobs) == "done"
        clock.advance(3600)
        ShutdownMonitor(jobs, SimpleNamespace(should_exit=False), 0, 0, clock).check()
        assert list(tmp_path.iterdir()) == []


class Hurried(HeaderTimeoutProtocol):
    header_seconds = 0.6


@contextmanager
def listening(jobs: JobTable) -> Iterator[int]:
    """A port on which the application listens, as `serve` has it listen, only less patient."""
    config = uvicorn.Config(
        create_app(jobs, About("warp", None, "1"), TOKEN), http=Hurried, lifespan="off", ws="none", log_config=None
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def read_all(line: socket.socket) -> bytes:
    line.settimeout(10)
    data = b""
    try:
        while chunk := line.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    return data


def test_case_41_a_slow_loris_in_the_head_is_closed(tmp_path: Path) -> None:
    with table(tmp_path) as jobs, listening(jobs) as port:
        for sent in (b"", b"GET /health HTTP/1.1\r\nHost: w\r\n", b"G"):
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(sent)
                assert read_all(line) == b""
        head = b"GET /health HTTP/1.1\r\nHost: w\r\nGaze-Protocol: 3\r\nAuthorization: Bearer " + TOKEN.encode()
        with socket.create_connection(("127.0.0.1", port)) as line:  # the second head on the same connection drips
            line.sendall(head + b"\r\n\r\n")
            answer = b""
            while not answer.endswith(b"}"):
                answer += line.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
            line.sendall(b"GET /health HT")
            assert read_all(line) == b""


def test_case_41_an_announced_gigabyte_is_answered_and_the_line_is_closed(tmp_path: Path) -> None:
    with table(tmp_path) as jobs, listening(jobs) as port:
        for token, status in ((TOKEN, b"413"), ("wrong", b"401")):
            with socket.create_connection(("127.0.0.1", port)) as line:
                head = f"POST /generate HTTP/1.1\r\nHost: w\r\nGaze-Protocol: 3\r\nAuthorization: Bearer {token}\r\n"
                line.sendall(f"{head}Content-Length: {2**30}\r\n\r\n".encode() + bytes(1000))
                assert read_all(line).startswith(b"HTTP/1.1 " + status)


@pytest.fixture(scope="module")
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "gpuworker", "serve", "--port", "0", "--processes", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"WORKER_TOKEN": TOKEN}, text=True
    ) as found:
        assert found.stdout is not None
        address = re.search(r"http://\S+", found.stdout.readline())
        assert address is not None
        yield found, address[0]
        found.kill()


def test_a_served_worker_answers_while_it_still_loads_and_becomes_ready(process: tuple[object, str]) -> None:
    def state() -> str:
        return str(httpx.get(f"{process[1]}/health", headers=HEADERS).json()["state"])

    assert state() in ("loading", "warming", "ready")
    assert eventually(lambda: state() == "ready", 60)
    assert httpx.get(f"{process[1]}/health").status_code == 401


def test_a_container_can_ask_whether_its_worker_is_ready(process: tuple[object, str]) -> None:
    def ask(url: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gpuworker", "health", "--url", url]
        return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)

    found = ask(process[1], WORKER_TOKEN=TOKEN)
    assert found.returncode == 0, found.stderr
    assert '"engine": "warp"' in found.stdout
    assert ask(process[1], WORKER_TOKEN="another token altogether").returncode == AccessDenied.exit_code
    assert ask("http://127.0.0.1:9", WORKER_TOKEN=TOKEN).returncode == WorkerLost.exit_code


def test_a_polite_request_to_end_is_followed_at_once_and_leaves_nothing(
    process: tuple[subprocess.Popen[str], str],
) -> None:
    process[0].send_signal(signal.SIGTERM)
    assert process[0].wait(60) == 0


def test_the_command_line_refuses_in_a_sentence() -> None:
    command = [sys.executable, "-m", "gpuworker", "serve", "--host", "0.0.0.0", "--no-token"]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WORKER_")}
    found = subprocess.run(command, env=ours, capture_output=True, text=True, check=False)
    assert found.returncode == BadRequest.exit_code
    assert "WORKER_TOKEN" in found.stderr
    assert "Traceback" not in found.stderr


def test_the_twin_serves_too(tmp_path: Path) -> None:
    with table(tmp_path, FakeWorker()) as jobs, listening(jobs) as port:
        health = httpx.get(f"http://127.0.0.1:{port}/health", headers=HEADERS).json()
        assert health["engine"] == "warp"
