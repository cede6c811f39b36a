"""The site's end of the airlock: what comes back, in order and in time, whatever the other end does."""

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
    MOST_OF_PERSON,
    MOST_REPLY,
    WAITING_FOR_EACH,
    Airlock,
    AirlockUnavailable,
    ChamberFailed,
    ChamberKilled,
    TooMuch,
)
from portraits.uploads.sandbox_limits import Limits
from tests.gpuworker.processes import alive, eventually
from tests.portraits.uploads.conftest import CHAMBERS, children, nobody_works, through


@pytest.fixture
def airlock(limits: Limits) -> Iterator[Airlock]:
    """One that a test may break."""
    airlock = Airlock(CHAMBERS, replace(limits, stuck_seconds=2), size=1)
    yield airlock
    airlock.close()


class Endless(io.RawIOBase):
    """A file that counts what is read of it."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1, /) -> bytes:
        self.given += size
        return b"length ".ljust(size, b"x")


def test_an_upload_goes_through_and_its_hash_is_known(wild: Airlock) -> None:
    passed = wild(io.BytesIO(b"echo hello"), 100)
    assert passed.reply == b"hello"
    assert passed.sha256 == hashlib.sha256(b"echo hello").hexdigest()


def test_megabytes_go_both_ways(wild: Airlock) -> None:
    assert through(wild, b"length " + bytes(20 << 20)) == b"%d" % (20 << 20)
    assert len(through(wild, b"flood 20")) == 20 << 20


def test_an_upload_is_read_no_further_than_it_may_be_long(wild: Airlock) -> None:
    endless = Endless()
    with pytest.raises(TooMuch):
        wild(endless, 1 << 20)
    assert endless.given <= 2 << 20
    assert wild.process_id is not None
    assert eventually(lambda: children(wild.process_id or 0) == [])


def test_a_reply_without_end_is_cut() -> None:
    airlock = Airlock(CHAMBERS, size=1)
    with pytest.raises(ChamberFailed, match="bytes of reply"):
        through(airlock, b"flood %d" % (2 + (MOST_REPLY >> 20)))
    assert nobody_works(airlock)
    airlock.close()


def test_what_the_chamber_raises_is_told(wild: Airlock) -> None:
    with pytest.raises(ChamberFailed, match="RuntimeError: a crooked header"):
        through(wild, b"raise a crooked header")


@pytest.mark.parametrize("deed", [b"crash", b"leave 3", b"leave 0"])
def test_a_child_that_ends_on_its_own_has_failed_or_said_nothing(wild: Airlock, deed: bytes) -> None:
    if deed == b"leave 0":
        assert through(wild, deed) == b""
    else:
        with pytest.raises(ChamberFailed):
            through(wild, deed)


def test_a_child_that_ends_before_it_has_read_everything_has_failed(airlock: Airlock) -> None:
    airlock.start()
    with pytest.raises((ChamberFailed, ChamberKilled)):
        through(airlock, b"allocate 1 " + bytes(80 << 20), 100 << 20)  # more than its memory holds


def test_many_threads_share_it(wild: Airlock) -> None:
    with ThreadPoolExecutor(12) as threads:
        replies = list(threads.map(lambda n: through(wild, b"echo %d" % n), range(24)))
    assert replies == [b"%d" % n for n in range(24)]


def test_who_comes_when_the_line_is_full_hears_so_at_once(airlock: Airlock) -> None:
    with ExitStack() as places:
        for number in range(1 + WAITING_FOR_EACH):
            places.callback(airlock._queue._leave, airlock._queue._entered(Requester(str(number))))
        with pytest.raises(QueueFull):
            through(airlock, b"echo late")


def test_nobody_stays_in_line_for_ever(airlock: Airlock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portraits.uploads.sandbox.PATIENCE", 0.05)
    with airlock._queue.place(Requester(), 0), pytest.raises(QueueFull):
        through(airlock, b"echo late")
    assert through(airlock, b"echo in time") == b"in time"


def test_a_person_has_two_places_and_the_third_upload_is_refused(airlock: Airlock) -> None:
    person = Requester("somebody", "192.0.2.1")
    with ExitStack() as places:
        for _ in range(MOST_OF_PERSON):
            places.callback(airlock._queue._leave, airlock._queue._entered(person))
        with pytest.raises(TooManyOfPerson):
            airlock(io.BytesIO(b"echo"), 9, person)
        assert len(airlock._queue._waiting) == MOST_OF_PERSON - 1
    assert airlock(io.BytesIO(b"echo"), 9, person).reply == b""


def test_many_accounts_at_one_address_leave_half_of_the_line_to_others(airlock: Airlock) -> None:
    with ExitStack() as places:
        for number in range((1 + WAITING_FOR_EACH) // 2):
            account = Requester(str(number), "192.0.2.1")
            places.callback(airlock._queue._leave, airlock._queue._entered(account))
        with pytest.raises(TooManyOfAddress):
            airlock(io.BytesIO(b"echo"), 9, Requester("one more", "192.0.2.1"))
        places.callback(airlock._queue._leave, airlock._queue._entered(Requester("other", "192.0.2.2")))


def test_a_killed_keeper_is_replaced(airlock: Airlock) -> None:
    assert through(airlock, b"echo 1") == b"1"
    first = airlock.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: airlock.process_id is None)
    assert through(airlock, b"echo 2") == b"2"
    assert airlock.process_id not in (None, first)


class Upload(threading.Thread):
    """One that is under way; `error` is what it ended with."""

    def __init__(self, airlock: Airlock, deed: bytes = b"sleep") -> None:
        super().__init__(daemon=True)
        self.error: Exception | None = None
        self._airlock, self._deed = airlock, deed
        self.start()

    def run(self) -> None:
        try:
            through(self._airlock, self._deed)
        except Exception as error:  # noqa: BLE001  the test looks at it
            self.error = error

    def child(self) -> int:
        assert eventually(lambda: children(self._airlock.process_id or 0) != [])
        return children(self._airlock.process_id or 0)[0]

    def ended_with(self, kind: type[Exception]) -> bool:
        self.join(60)
        return isinstance(self.error, kind)


def test_a_keeper_killed_at_work_is_the_sites_trouble_and_leaves_no_child(airlock: Airlock) -> None:
    through(airlock, b"echo 1")
    upload = Upload(airlock)
    child = upload.child()
    os.kill(airlock.process_id or 0, signal.SIGKILL)
    assert upload.ended_with(AirlockUnavailable)
    assert eventually(lambda: not alive(child))
    assert through(airlock, b"echo 2") == b"2"


@pytest.mark.parametrize("deed", [b"sleep", b"sleep " + bytes(20 << 20)], ids=["at work", "while it is sent"])
def test_a_stopped_keeper_is_replaced(airlock: Airlock, monkeypatch: pytest.MonkeyPatch, deed: bytes) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    through(airlock, b"echo 1")
    keeper = airlock.process_id or 0
    os.kill(keeper, signal.SIGSTOP)
    assert Upload(airlock, deed).ended_with(AirlockUnavailable)
    assert not alive(keeper)
    monkeypatch.undo()
    assert through(airlock, b"echo 2") == b"2"


def test_a_keeper_stopped_at_work_is_replaced_although_its_child_has_answered(
    airlock: Airlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(airlock, b"echo 1")
    keeper = airlock.process_id or 0
    with airlock._opened() as (running, data, watch):
        child = Upload(airlock, b"sleep").child()
        os.kill(keeper, signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
        with pytest.raises(AirlockUnavailable):
            airlock._received(running, data, watch)
    assert eventually(lambda: not alive(keeper))


def test_a_killed_child_is_nobodys_fault_at_first(airlock: Airlock) -> None:
    through(airlock, b"echo 1")
    upload = Upload(airlock)
    os.kill(upload.child(), signal.SIGKILL)
    assert upload.ended_with(ChamberKilled)
    assert through(airlock, b"echo 2") == b"2"


def test_a_stopped_child_is_ended_long_before_its_deadline() -> None:
    airlock = Airlock(CHAMBERS, Limits(wall_seconds=600, stuck_seconds=0.5), size=1)
    assert Limits().stuck_seconds <= 5
    through(airlock, b"echo 1")
    upload = Upload(airlock, b"spin")
    child = upload.child()
    os.kill(child, signal.SIGSTOP)
    assert upload.ended_with(ChamberKilled)
    assert not alive(child)
    airlock.close()


class Clock:
    """Monotonic time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


def test_a_keeper_that_does_not_start_is_tried_again_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    airlock = Airlock("no.such.module", size=1)
    starts: list[float] = []
    monkeypatch.setattr(airlock, "_command", lambda _: starts.append(clock.now) or ["false"])
    while clock.now < 1_060:
        with pytest.raises(AirlockUnavailable):
            through(airlock, b"echo")
        with pytest.raises(AirlockUnavailable):
            airlock.check()
        if airlock._keeper is not None:
            airlock._keeper.process.wait()
        clock.now += 0.25
    gaps = [round(after - before) for before, after in pairwise(starts)]
    assert gaps == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(("failures", "seconds"), [(0, 10), (1, 20), (2, 40), (20, 60)])
def test_a_keeper_that_hangs_while_it_loads_is_given_more_time_after_each_failure(failures: int, seconds: int) -> None:
    airlock = Airlock(CHAMBERS, size=1)
    airlock._failed_starts = failures
    keeper = airlock._started()
    assert keeper.start_seconds == seconds
    keeper.end(patience=0)


def test_asking_whether_it_is_ready_starts_nothing(airlock: Airlock) -> None:
    airlock.check()
    assert airlock.process_id is None


def test_a_keeper_that_starts_again_is_ready_again(airlock: Airlock) -> None:
    airlock._failed_starts = 3
    with pytest.raises(AirlockUnavailable):
        airlock.check()
    through(airlock, b"echo 1")
    airlock.check()
    assert airlock._failed_starts == 0


def test_closing_ends_everything(airlock: Airlock) -> None:
    through(airlock, b"echo 1")
    keeper = airlock.process_id or 0
    airlock.close()
    airlock.close()
    assert not alive(keeper)
    assert airlock.process_id is None


def test_everything_ends_with_the_site() -> None:
    site = (
        "import io\nfrom portraits.uploads.sandbox import Airlock\n"
        f"airlock = Airlock({CHAMBERS!r}, size=1)\nairlock(io.BytesIO(b'echo'), 9)\n"
        "print(airlock.process_id, flush=True)\nairlock(io.BytesIO(b'sleep'), 9)"
    )
    with subprocess.Popen([sys.executable, "-c", site], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        keeper = int(process.stdout.readline())
        assert eventually(lambda: children(keeper) != [])
        everyone = [keeper, *children(keeper)]
        process.kill()
    assert eventually(lambda: not any(alive(each) for each in everyone))


def test_the_site_loads_no_picture_library() -> None:
    heavy = ["cv2", "numpy", "PIL", "pi_heif", "ai_edge_litert"]
    program = f"import sys, portraits.uploads.validation; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
