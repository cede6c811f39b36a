from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from gpuworker.contract import RenderRequest
from gpuworker.errors import Cancelled, RenderError, UnreadablePhoto, WorkerDied
from gpuworker.rendering import heartbeat, process_pool
from gpuworker.rendering.messages import Analyse, Done, Ready, RenderRow, UseSharedMemory
from gpuworker.rendering.process_pool import ENVIRONMENT, ProcessPool
from tests.gpuworker.processes import alive, eventually

pytestmark = pytest.mark.slow  # processes are started, stopped and killed


@pytest.fixture(scope="module")
def warm() -> Iterator[ProcessPool]:
    with ProcessPool(size=2) as pool:
        pool.wait_ready()
        yield pool


def test_an_error_in_a_process_arrives_as_itself_and_the_pool_goes_on(warm: ProcessPool) -> None:
    warm.order(0, Analyse(RenderRequest(photo=b"not a picture")))
    with pytest.raises(UnreadablePhoto):
        warm.replies()
    assert warm.quiet


def test_a_bug_in_a_process_is_a_sentence_and_a_log_line_and_not_a_hang(capfd: pytest.CaptureFixture[str]) -> None:
    with ProcessPool(size=1) as pool:
        pool.order(0, RenderRow((1, 1, 1, 1, 3), 0, ()))  # no shared memory was given
        with pytest.raises(RenderError) as caught:
            pool.replies()
    assert caught.value.code == "render_failed"
    assert "an order came before its shared memory" in capfd.readouterr().err


def test_processes_have_their_own_environment_and_the_parents_is_untouched(warm: ProcessPool) -> None:
    environment = Path(f"/proc/{warm.process_ids[0]}/environ").read_bytes().split(b"\0")
    assert all(f"{name}={value}".encode() in environment for name, value in ENVIRONMENT.items())
    assert os.environ.get("MALLOC_TRIM_THRESHOLD_") != ENVIRONMENT["MALLOC_TRIM_THRESHOLD_"]


def test_waiting_ends_at_a_cancellation(warm: ProcessPool) -> None:
    cancelled = threading.Event()
    threading.Timer(0.05, cancelled.set).start()
    with pytest.raises(Cancelled):
        warm.replies(cancelled)


def test_a_killed_process_is_noticed_and_a_new_start_works() -> None:
    with ProcessPool(size=2) as pool:
        pool.wait_ready()
        os.kill(pool.process_ids[1], signal.SIGKILL)
        with pytest.raises(WorkerDied):
            pool.replies()
        pool.close()
        pool.start()
        pool.wait_ready()
        pool.order(0, Analyse(RenderRequest(photo=b"")))
        with pytest.raises(UnreadablePhoto):
            pool.replies()


def stop(pid: int) -> None:
    """Stop the process as a debugger, a full cgroup or a dead disk would: it exists and does nothing."""
    os.kill(pid, signal.SIGSTOP)


def talk(pool: ProcessPool) -> None:
    """Orders to the first process, one after the other, for as long as it answers."""
    while True:
        pool.order(0, UseSharedMemory(None))
        pool.replies()


def test_a_process_that_was_stopped_is_killed_and_replaced_though_the_others_go_on_talking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "SILENT_SECONDS", 2.5)
    with ProcessPool(size=2) as pool:
        pool.wait_ready()
        old = pool.process_ids
        stop(old[1])
        pool.order(1, UseSharedMemory(None))
        with pytest.raises(WorkerDied, match="stopped answering"):
            talk(pool)
        assert not alive(old[1])
        pool.start()
        assert not set(old) & set(pool.process_ids)


def test_a_process_that_is_stopped_while_it_loads_is_killed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BOOT_SECONDS", 0.5)
    with ProcessPool(size=1) as pool:
        pid = pool.process_ids[0]
        stop(pid)
        with pytest.raises(WorkerDied, match="stopped answering"):
            pool.wait_ready()
        assert not pool.whole


def asleep(pipe: Connection, engine: str, niceness: int, analyst: bool) -> None:
    """Process in the place of process_pool._enter whose main thread never answers, though its heartbeat goes on."""
    heart = heartbeat.Heartbeat.started(pipe)
    heart.send(Ready())
    threading.Event().wait()


def test_a_process_that_beats_and_never_answers_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "STALLED_SECONDS", 1.5)
    monkeypatch.setattr(process_pool, "_enter", asleep)
    with ProcessPool(size=1) as pool:
        pool.wait_ready()
        pool.order(0, Analyse(RenderRequest(photo=b"")))
        with pytest.raises(WorkerDied, match="stopped answering"):
            pool.replies()
        assert not pool.whole


def test_closing_kills_at_once_and_may_be_repeated() -> None:
    pool = ProcessPool(size=2)
    pids = pool.process_ids
    pool.close()
    pool.close()
    assert not any(alive(pid) for pid in pids)


def test_processes_die_with_a_parent_that_was_killed() -> None:
    code = (
        "from gpuworker.rendering.process_pool import ProcessPool\n"
        "if __name__ == '__main__':\n"
        "    pool = ProcessPool(size=2); pool.wait_ready(); print(*pool.process_ids, flush=True); input()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdin is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    parent.stdin.close()
    assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_the_parent_stays_light() -> None:
    """A server that starts renders must not carry NumPy, OpenCV and the models itself."""
    code = (
        "import sys, gpuworker.rendering.scheduler; sys.exit(bool({'numpy', 'cv2', 'PIL', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_replies_come_with_their_orders_numbers(warm: ProcessPool) -> None:
    numbers = {warm.order(member, UseSharedMemory(None)) for member in range(warm.size)}
    found: set[int] = set()
    while found != numbers:
        found |= {reply.number for reply in warm.replies() if isinstance(reply, Done)}


def test_processes_stand_back_as_far_as_they_are_told() -> None:
    before = os.nice(0)
    with ProcessPool(size=1, niceness=3) as pool:
        pool.wait_ready()
        assert os.getpriority(os.PRIO_PROCESS, pool.process_ids[0]) == min(19, before + 3)
    assert os.nice(0) == before
