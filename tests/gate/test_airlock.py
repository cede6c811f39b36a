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

import pytest

from portraits.airlock import (
    MOST_REPLY,
    WAITING_FOR_EACH,
    Airlock,
    AirlockBusy,
    ChamberFailed,
    ChamberKilled,
    TooMuch,
)
from portraits.limits import Limits
from tests.gate.conftest import CHAMBERS, children, nobody_works, through
from tests.gpuworker.processes import alive, eventually


@pytest.fixture
def airlock(limits: Limits) -> Iterator[Airlock]:
    """One that a test may break."""
    airlock = Airlock(CHAMBERS, limits, size=1)
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
    for _ in range(1 + WAITING_FOR_EACH):
        assert airlock._line.acquire(blocking=False)
    with pytest.raises(AirlockBusy):
        through(airlock, b"echo late")


def test_nobody_stays_in_line_for_ever(airlock: Airlock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portraits.airlock.PATIENCE", 0.05)
    with airlock._places, pytest.raises(AirlockBusy):
        through(airlock, b"echo late")
    assert through(airlock, b"echo in time") == b"in time"


def test_a_killed_keeper_is_replaced(airlock: Airlock) -> None:
    assert through(airlock, b"echo 1") == b"1"
    first = airlock.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: airlock.process_id is None)
    assert through(airlock, b"echo 2") == b"2"
    assert airlock.process_id not in (None, first)


def test_a_keeper_killed_at_work_fails_that_upload_and_leaves_no_child(airlock: Airlock) -> None:
    through(airlock, b"echo 1")
    keeper = airlock.process_id or 0
    failures: list[Exception] = []

    def upload() -> None:
        try:
            through(airlock, b"sleep")
        except ChamberFailed as error:
            failures.append(error)

    thread = threading.Thread(target=upload)
    thread.start()
    assert eventually(lambda: children(keeper) != [])
    working = children(keeper)
    os.kill(keeper, signal.SIGKILL)
    thread.join(60)
    assert len(failures) == 1
    assert eventually(lambda: not any(alive(child) for child in working))


def test_closing_ends_everything(airlock: Airlock) -> None:
    through(airlock, b"echo 1")
    keeper = airlock.process_id or 0
    airlock.close()
    airlock.close()
    assert not alive(keeper)
    assert airlock.process_id is None


def test_everything_ends_with_the_site() -> None:
    site = (
        "import io\nfrom portraits.airlock import Airlock\n"
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
    program = f"import sys, portraits.uploads; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
