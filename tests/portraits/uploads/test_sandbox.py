"""Client of the sandbox: replies arrive complete and in time, whatever the server does."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise

import pytest

from portraits.uploads import sandbox as module
from portraits.uploads.fair_queue import QueueFull, Requester, TooManyOfAddress, TooManyOfPerson
from portraits.uploads.sandbox import (
    MAX_PER_PERSON,
    MAX_REPLY_BYTES,
    QUEUE_PER_CHILD,
    HandlerFailed,
    HandlerKilled,
    Sandbox,
    SandboxUnavailable,
    UploadTooLarge,
)
from portraits.uploads.sandbox_limits import Limits
from tests.gpuworker.processes import alive, eventually
from tests.portraits.uploads.conftest import HANDLERS, children, no_child_left, reply_of


@pytest.fixture
def sandbox(limits: Limits) -> Iterator[Sandbox]:
    """Sandbox that a test may break."""
    sandbox = Sandbox(HANDLERS, replace(limits, stuck_seconds=2), size=1)
    yield sandbox
    sandbox.close()


class Endless(io.RawIOBase):
    """File that counts the bytes that are read from it."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1, /) -> bytes:
        self.given += size
        return b"length ".ljust(size, b"x")


def test_an_upload_goes_through_and_its_hash_is_known(action_sandbox: Sandbox) -> None:
    passed = action_sandbox(io.BytesIO(b"echo hello"), 100)
    assert passed.reply == b"hello"
    assert passed.sha256 == hashlib.sha256(b"echo hello").hexdigest()


def test_megabytes_go_both_ways(action_sandbox: Sandbox) -> None:
    assert reply_of(action_sandbox, b"length " + bytes(20 << 20)) == b"%d" % (20 << 20)
    assert len(reply_of(action_sandbox, b"flood 20")) == 20 << 20


def test_an_upload_is_read_no_further_than_it_may_be_long(action_sandbox: Sandbox) -> None:
    endless = Endless()
    with pytest.raises(UploadTooLarge):
        action_sandbox(endless, 1 << 20)
    assert endless.given <= 2 << 20
    assert action_sandbox.process_id is not None
    assert eventually(lambda: children(action_sandbox.process_id or 0) == [])


def test_a_reply_without_end_is_cut() -> None:
    sandbox = Sandbox(HANDLERS, size=1)
    with pytest.raises(HandlerFailed, match="bytes of reply"):
        reply_of(sandbox, b"flood %d" % (2 + (MAX_REPLY_BYTES >> 20)))
    assert no_child_left(sandbox)
    sandbox.close()


def test_an_error_of_the_handler_is_reported(action_sandbox: Sandbox) -> None:
    with pytest.raises(HandlerFailed, match="RuntimeError: a crooked header"):
        reply_of(action_sandbox, b"raise a crooked header")


@pytest.mark.parametrize("action", [b"crash", b"leave 3", b"leave 0"])
def test_a_child_that_ends_on_its_own_has_failed_or_said_nothing(action_sandbox: Sandbox, action: bytes) -> None:
    if action == b"leave 0":
        assert reply_of(action_sandbox, action) == b""
    else:
        with pytest.raises(HandlerFailed):
            reply_of(action_sandbox, action)


def test_a_child_that_ends_before_it_has_read_everything_has_failed(sandbox: Sandbox) -> None:
    sandbox.start()
    with pytest.raises((HandlerFailed, HandlerKilled)):
        reply_of(sandbox, b"allocate 1 " + bytes(80 << 20), 100 << 20)  # more than its memory holds


def test_many_threads_share_it(action_sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(12) as threads:
        replies = list(threads.map(lambda n: reply_of(action_sandbox, b"echo %d" % n), range(24)))
    assert replies == [b"%d" % n for n in range(24)]


def test_an_upload_is_refused_at_once_when_the_queue_is_full(sandbox: Sandbox) -> None:
    with ExitStack() as places:
        for number in range(1 + QUEUE_PER_CHILD):
            places.callback(sandbox._queue._leave, sandbox._queue._enter(Requester(str(number))))
        with pytest.raises(QueueFull):
            reply_of(sandbox, b"echo late")


def test_an_upload_leaves_the_queue_after_a_time(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portraits.uploads.sandbox.QUEUE_TIMEOUT", 0.05)
    with sandbox._queue.place(Requester(), 0), pytest.raises(QueueFull):
        reply_of(sandbox, b"echo late")
    assert reply_of(sandbox, b"echo in time") == b"in time"


def test_a_person_has_two_places_and_the_third_upload_is_refused(sandbox: Sandbox) -> None:
    person = Requester("somebody", "192.0.2.1")
    with ExitStack() as places:
        for _ in range(MAX_PER_PERSON):
            places.callback(sandbox._queue._leave, sandbox._queue._enter(person))
        with pytest.raises(TooManyOfPerson):
            sandbox(io.BytesIO(b"echo"), 9, person)
        assert len(sandbox._queue._waiting) == MAX_PER_PERSON - 1
    assert sandbox(io.BytesIO(b"echo"), 9, person).reply == b""


def test_many_accounts_at_one_address_leave_half_of_the_line_to_others(sandbox: Sandbox) -> None:
    with ExitStack() as places:
        for number in range((1 + QUEUE_PER_CHILD) // 2):
            account = Requester(str(number), "192.0.2.1")
            places.callback(sandbox._queue._leave, sandbox._queue._enter(account))
        with pytest.raises(TooManyOfAddress):
            sandbox(io.BytesIO(b"echo"), 9, Requester("one more", "192.0.2.1"))
        places.callback(sandbox._queue._leave, sandbox._queue._enter(Requester("other", "192.0.2.2")))


def test_a_killed_server_is_replaced(sandbox: Sandbox) -> None:
    assert reply_of(sandbox, b"echo 1") == b"1"
    first = sandbox.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: sandbox.process_id is None)
    assert reply_of(sandbox, b"echo 2") == b"2"
    assert sandbox.process_id not in (None, first)


class Upload(threading.Thread):
    """Upload handled in a thread; `error` is what it ended with."""

    def __init__(self, sandbox: Sandbox, action: bytes = b"sleep") -> None:
        super().__init__(daemon=True)
        self.error: Exception | None = None
        self._sandbox, self._action = sandbox, action
        self.start()

    def run(self) -> None:
        try:
            reply_of(self._sandbox, self._action)
        except Exception as error:  # noqa: BLE001  the test looks at it
            self.error = error

    def child(self) -> int:
        assert eventually(lambda: children(self._sandbox.process_id or 0) != [])
        return children(self._sandbox.process_id or 0)[0]

    def ended_with(self, kind: type[Exception]) -> bool:
        self.join(60)
        return isinstance(self.error, kind)


def test_a_server_killed_at_work_is_the_sites_trouble_and_leaves_no_child(sandbox: Sandbox) -> None:
    reply_of(sandbox, b"echo 1")
    upload = Upload(sandbox)
    child = upload.child()
    os.kill(sandbox.process_id or 0, signal.SIGKILL)
    assert upload.ended_with(SandboxUnavailable)
    assert eventually(lambda: not alive(child))
    assert reply_of(sandbox, b"echo 2") == b"2"


@pytest.mark.parametrize("action", [b"sleep", b"sleep " + bytes(20 << 20)], ids=["at work", "while it is sent"])
def test_a_stopped_server_is_replaced(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, action: bytes) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    reply_of(sandbox, b"echo 1")
    server = sandbox.process_id or 0
    os.kill(server, signal.SIGSTOP)
    assert Upload(sandbox, action).ended_with(SandboxUnavailable)
    assert not alive(server)
    monkeypatch.undo()
    assert reply_of(sandbox, b"echo 2") == b"2"


def test_a_server_stopped_at_work_is_replaced_although_its_child_has_answered(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply_of(sandbox, b"echo 1")
    server = sandbox.process_id or 0
    with sandbox._child() as (running, data, monitor):
        child = Upload(sandbox, b"sleep").child()
        os.kill(server, signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
        with pytest.raises(SandboxUnavailable):
            sandbox._receive(running, data, monitor)
    assert eventually(lambda: not alive(server))


def test_a_killed_child_is_nobodys_fault_at_first(sandbox: Sandbox) -> None:
    reply_of(sandbox, b"echo 1")
    upload = Upload(sandbox)
    os.kill(upload.child(), signal.SIGKILL)
    assert upload.ended_with(HandlerKilled)
    assert reply_of(sandbox, b"echo 2") == b"2"


def test_a_stopped_child_is_ended_long_before_its_deadline() -> None:
    sandbox = Sandbox(HANDLERS, Limits(wall_seconds=600, stuck_seconds=0.5), size=1)
    assert Limits().stuck_seconds <= 5
    reply_of(sandbox, b"echo 1")
    upload = Upload(sandbox, b"spin")
    child = upload.child()
    os.kill(child, signal.SIGSTOP)
    assert upload.ended_with(HandlerKilled)
    assert not alive(child)
    sandbox.close()


class Clock:
    """Monotonic time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


def test_a_server_that_does_not_start_is_tried_again_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    sandbox = Sandbox("no.such.module", size=1)
    starts: list[float] = []
    monkeypatch.setattr(sandbox, "_command", lambda _: starts.append(clock.now) or ["false"])
    while clock.now < 1_060:
        with pytest.raises(SandboxUnavailable):
            reply_of(sandbox, b"echo")
        with pytest.raises(SandboxUnavailable):
            sandbox.check()
        if sandbox._server is not None:
            sandbox._server.process.wait()
        clock.now += 0.25
    gaps = [round(after - before) for before, after in pairwise(starts)]
    assert gaps == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(("failures", "seconds"), [(0, 10), (1, 20), (2, 40), (20, 60)])
def test_a_server_that_hangs_while_it_loads_is_given_more_time_after_each_failure(failures: int, seconds: int) -> None:
    sandbox = Sandbox(HANDLERS, size=1)
    sandbox._failed_starts = failures
    server = sandbox._started()
    assert server.start_seconds == seconds
    server.end(timeout=0)


def test_asking_whether_it_is_ready_starts_nothing(sandbox: Sandbox) -> None:
    sandbox.check()
    assert sandbox.process_id is None


def test_a_server_that_starts_again_is_ready_again(sandbox: Sandbox) -> None:
    sandbox._failed_starts = 3
    with pytest.raises(SandboxUnavailable):
        sandbox.check()
    reply_of(sandbox, b"echo 1")
    sandbox.check()
    assert sandbox._failed_starts == 0


def test_closing_ends_everything(sandbox: Sandbox) -> None:
    reply_of(sandbox, b"echo 1")
    server = sandbox.process_id or 0
    sandbox.close()
    sandbox.close()
    assert not alive(server)
    assert sandbox.process_id is None


def test_everything_ends_with_the_site() -> None:
    site = (
        "import io\nfrom portraits.uploads.sandbox import Sandbox\n"
        f"sandbox = Sandbox({HANDLERS!r}, size=1)\nsandbox(io.BytesIO(b'echo'), 9)\n"
        "print(sandbox.process_id, flush=True)\nsandbox(io.BytesIO(b'sleep'), 9)"
    )
    with subprocess.Popen([sys.executable, "-c", site], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        server = int(process.stdout.readline())
        assert eventually(lambda: children(server) != [])
        everyone = [server, *children(server)]
        process.kill()
    assert eventually(lambda: not any(alive(each) for each in everyone))


def test_the_site_loads_no_picture_library() -> None:
    heavy = ["cv2", "numpy", "PIL", "pi_heif", "ai_edge_litert"]
    program = f"import sys, portraits.uploads.validation; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
