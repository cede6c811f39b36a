"""Fair queue of the sandbox: bounded for each person and address, and served in turns between them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from portraits.uploads import fair_queue
from portraits.uploads.fair_queue import FairQueue, QueueFull, Requester, TooManyOfAddress, TooManyOfPerson
from tests.gpuworker.processes import eventually


def requester(person: str, address: str | None = None) -> Requester:
    return Requester(person, address or f"address of {person}")


class Line:
    """Requesters that wait for the one place, and the order in which they get it."""

    def __init__(self, queue: FairQueue) -> None:
        self.queue = queue
        self.order: list[str] = []
        self.refused: list[str] = []
        self._threads = ThreadPoolExecutor(64)

    def waits(self, who: Requester, name: str) -> None:
        """Returns when it stands in the queue."""
        before = len(self.queue._waiting)
        self._threads.submit(self._wait, who, name)
        assert eventually(lambda: len(self.queue._waiting) > before)

    def _wait(self, who: Requester, name: str) -> None:
        with self.queue.place(who, 60):
            self.order.append(name)

    def done(self) -> list[str]:
        self._threads.shutdown()
        return self.order


@pytest.fixture
def queue() -> FairQueue:
    return FairQueue(running=1, waiting=40, per_person=10, per_address=20)


@pytest.fixture
def worker(queue: FairQueue) -> Iterator[ExitStack]:
    """Holder of the only place, until it is closed."""
    with ExitStack() as stack:
        stack.enter_context(queue.place(requester("worker"), 0))
        yield stack


def test_a_persons_third_place_is_refused_and_others_still_get_in() -> None:
    queue = FairQueue(running=4, waiting=4, per_person=2, per_address=4)
    with queue.place(requester("a"), 0), queue.place(requester("a"), 0):
        with pytest.raises(TooManyOfPerson), queue.place(requester("a"), 0):
            pass
        with queue.place(requester("b"), 0):
            pass
    with queue.place(requester("a"), 0):
        pass


def test_waiting_counts_for_the_person_too(queue: FairQueue, worker: ExitStack) -> None:
    line = Line(queue)
    for number in range(10):
        line.waits(requester("a"), f"a{number}")
    with pytest.raises(TooManyOfPerson), queue.place(requester("a"), 0):
        pass
    worker.close()
    line.done()


def test_many_accounts_of_one_address_are_bounded_together() -> None:
    queue = FairQueue(running=9, waiting=0, per_person=2, per_address=3)
    with ExitStack() as stack:
        for name in "abc":
            stack.enter_context(queue.place(requester(name, "one"), 0))
        with pytest.raises(TooManyOfAddress), queue.place(requester("d", "one"), 0):
            pass
        stack.enter_context(queue.place(requester("d", "another"), 0))


def test_who_is_not_known_is_not_limited_together_with_others() -> None:
    queue = FairQueue(running=9, waiting=0, per_person=1, per_address=1)
    with queue.place(Requester(), 0), queue.place(Requester(), 0):
        pass


def test_a_full_queue_refuses_at_once() -> None:
    queue = FairQueue(running=1, waiting=0, per_person=2, per_address=2)
    with queue.place(requester("a"), 0), pytest.raises(QueueFull), queue.place(requester("b"), 60):
        pass


def test_a_turn_that_does_not_come_in_time_is_given_up_and_leaves_no_trace(queue: FairQueue) -> None:
    with queue.place(requester("a"), 0):
        with pytest.raises(QueueFull), queue.place(requester("b"), 0):
            pass
        assert queue._waiting == []
    with queue.place(requester("b"), 0):
        pass
    assert queue._running == []


def test_one_upload_comes_after_one_of_many_uploads_and_not_after_all(queue: FairQueue, worker: ExitStack) -> None:
    line = Line(queue)
    for number in range(8):
        line.waits(requester("many"), f"many{number}")
    line.waits(requester("one"), "one")
    worker.close()
    assert line.done().index("one") <= 1


def test_many_accounts_of_one_address_get_the_turns_of_one(queue: FairQueue, worker: ExitStack) -> None:
    line = Line(queue)
    for number in range(12):
        line.waits(requester(f"account{number}", "same"), "many")
    for name in ("x", "y"):
        line.waits(requester(name), name)
    worker.close()
    assert line.done().index("y") <= 2


def test_within_an_address_the_persons_take_turns(queue: FairQueue, worker: ExitStack) -> None:
    line = Line(queue)
    for number in range(4):
        line.waits(requester("many", "same"), f"many{number}")
    line.waits(requester("one", "same"), "one")
    worker.close()
    assert line.done().index("one") <= 1


def test_equals_are_served_in_order_of_arrival(queue: FairQueue, worker: ExitStack) -> None:
    line = Line(queue)
    for name in "abcde":
        line.waits(requester(name), name)
    worker.close()
    assert line.done() == list("abcde")


def test_no_more_work_than_there_are_places() -> None:
    queue = FairQueue(running=2, waiting=40, per_person=40, per_address=40)
    barrier = threading.Barrier(2)

    def work(number: int) -> int:
        with queue.place(requester(str(number)), 60):
            barrier.wait(60)  # broken unless exactly two come together
            return len(queue._running)

    with ThreadPoolExecutor(8) as threads:
        assert max(threads.map(work, range(20))) == 2


def test_the_memory_of_turns_is_bounded(queue: FairQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "MAX_STORED_TURNS", 5)
    for number in range(20):
        with queue.place(requester(str(number)), 0):
            pass
    assert len(queue._last_turn) == 5
