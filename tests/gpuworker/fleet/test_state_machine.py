"""Hundreds of random things happen to a fleet: no pod stays, nothing is billed twice, no day costs too much.

Two processes of a site share a ledger, as two processes share a database. They render, are cancelled, are
killed and come back; the provider has no GPUs, answers with errors and does it anyway, forgets to answer,
loses pods; workers are killed. After each step the provider's own books are compared with ours.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Generator

import httpx
import pytest

from gpuworker.clock import ManualClock
from gpuworker.errors import RenderError
from gpuworker.fleet.budget import DAY, Budget
from gpuworker.fleet.ledger import Bill, MemoryLedger, Rental
from gpuworker.fleet.pod_source import PodSource
from gpuworker.fleet.pod_spec import Deadlines
from gpuworker.fleet.reaper import reap
from gpuworker.fleet.runpod import RunPod
from gpuworker.workers.worker import Step
from tests.gpuworker.fleet.conftest import NOON, SECRET, SPEC
from tests.gpuworker.jobs import a_job
from tests.gpuworker.workers.test_http_client import Played
from tests.runpod.fake import KEY, FakeRunPod
from tests.runpod.machines import PaperMachines

DAILY = 1.50
STEPS = 500
TICK = 60.0

API_QUESTIONS = ("list", "get", "create", "start", "stop", "delete", "patch", "catalog")
API_BREAKS = ("500", "500 done", "timeout", "timeout done", "half", "empty", "html", "429", "refused")
LINE_QUESTIONS = ("health", "generate", "progress", "files", "cancel", "jobs")
LINE_BREAKS = ("502", "524", "timeout", "timeout done", "half", "wrong", "html", "stale")


class StrictLedger(MemoryLedger):
    """Fails where the twin would silently put up with a repetition that must not happen."""

    def begin(self, rental: Rental) -> bool:
        for other in self.rentals(0):
            if other.machine == rental.machine and other.ended is not None:
                assert rental.began >= other.ended, "a machine is paid twice for the same time"
        return super().begin(rental)

    def bill(self, bill: Bill) -> None:
        assert (bill.job, bill.attempt) not in {(each.job, each.attempt) for each in self.bills}, "billed twice"
        assert 0 <= bill.cost <= bill.seconds * 2 / 3600
        super().bill(bill)


class SlowTransport(httpx.BaseTransport):
    """Time passes while no answer comes."""

    def __init__(self, fake: FakeRunPod, clock: ManualClock) -> None:
        self._fake = fake
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._fake.handle(request)
        except httpx.ReadTimeout:
            self._clock.advance(20)
            raise


class World:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.clock = ManualClock(NOON)
        self.machines = PaperMachines(self.clock)
        self.fake = FakeRunPod(self.clock, self.machines)
        self.ledger = StrictLedger()
        self.client = httpx.Client(transport=SlowTransport(self.fake, self.clock))
        self.api = RunPod(KEY, client=self.client, clock=self.clock)
        self.sites: list[PodSource] = []
        self.killed: list[Generator[Step]] = []
        self.jobs = 0
        self.done: list[str] = []
        self.errors: dict[str, int] = {}
        self.begin_site()

    def begin_site(self) -> None:
        if len(self.sites) < 2:
            source = PodSource(
                RunPod(KEY, client=self.client, clock=self.clock),
                SPEC,
                self.ledger,
                Budget(DAILY),
                SECRET,
                deadlines=Deadlines(worker_idle=900, poll=12),
                worker_client=self.client,
                clock=self.clock,
            )
            self.sites.append(source)

    # --- what may happen

    def render(self) -> None:
        """To its end, or until it is cancelled, closed, or its process is killed."""
        self.jobs += 1
        site, cancelled = self._site(), threading.Event()
        steps = site.render(a_job(f"job-{self.jobs}", levels=("preview",)), cancelled)
        fate, after = (
            self.random.choice(("whole", "whole", "whole", "cancel", "close", "kill")),
            self.random.randrange(9),
        )
        played = Played()
        try:
            for number, step in enumerate(steps):
                played.take(step)
                if fate == "cancel" and number == after:
                    cancelled.set()
                elif fate == "close" and number == after:
                    steps.close()
                    return
                elif fate == "kill" and number == after:
                    self.killed.append(steps)  # never closed: nothing of it runs any more
                    self.sites.remove(site)
                    return
            assert played.steps[-1].progress.stage == "done"
            assert set(played.hashes) == {"poster.webp", "preview.webp"}
            self.done.append(f"job-{self.jobs}")
        except RenderError as error:
            self.errors[error.code] = self.errors.get(error.code, 0) + 1

    def pass_time(self) -> None:
        """Up to half an hour, in which whoever is there tends; when nobody is, a reaper comes every five minutes."""
        for tick in range(self.random.randrange(1, 30)):
            self.clock.advance(TICK)
            for site in self.sites:
                self.quietly(site.reconcile)
            if not self.sites and tick % 5 == 4:
                self.quietly(lambda: reap(self.api, SPEC.prefix, clock=self.clock))
            self.check()

    def sleep_over_night(self) -> None:
        """About ten hours, as tended as ever until nothing runs."""
        for _ in range(self.random.randrange(80, 140)):
            self.clock.advance(5 * TICK)
            for site in self.sites:
                self.quietly(site.reconcile)
            if not self.sites:
                self.quietly(lambda: reap(self.api, SPEC.prefix, clock=self.clock))
            self.check()
            if not self.fake.paid():
                self.clock.advance(self.random.randrange(8, 12) * 3600)
                return

    def break_api(self) -> None:
        for _ in range(self.random.randrange(1, 4)):
            self.fake.breaks.next(self.random.choice(API_QUESTIONS), self.random.choice(API_BREAKS))

    def break_line(self) -> None:
        for _ in range(self.random.randrange(1, 6)):
            self.fake.breaks.next(self.random.choice(LINE_QUESTIONS), self.random.choice(LINE_BREAKS))

    def change_stock(self) -> None:
        kind = self.random.choice(list(self.fake.gpus.values()))
        kind.stock = self.random.choice((0, 0, 1, 10))

    def spoil_next_pod(self) -> None:
        self.fake.stuck_next.append(self.random.choice(("STARTING", "PROVISIONING", "ERROR")))

    def take_hosts_gpu(self) -> None:
        self.fake.no_gpu_on_start = 1

    def lag(self) -> None:
        self.fake.list_lag = self.random.choice((0.0, 0.0, 15.0, 60.0))

    def kill_worker(self) -> None:
        if pods := self.fake.existing():
            self.fake.kill_worker(self.random.choice(pods))

    def press_stop(self) -> None:
        self.quietly(self._site().stop)

    def kill_sites(self) -> None:
        self.sites.clear()

    def run_out_of_money(self) -> None:
        self.fake.run_out_of_money()

    def happenings(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self.render, 30),
            (self.pass_time, 25),
            (self.sleep_over_night, 3),
            (self.break_api, 12),
            (self.break_line, 8),
            (self.change_stock, 6),
            (self.spoil_next_pod, 3),
            (self.take_hosts_gpu, 3),
            (self.lag, 3),
            (self.kill_worker, 4),
            (self.press_stop, 2),
            (self.kill_sites, 2),
            (self.begin_site, 6),
            (self.run_out_of_money, 1),
        ]

    # --- what must always hold

    def check(self) -> None:
        now = self.clock.now()
        midnight = now - now % DAY
        today, yesterday = self.fake.cost(midnight, now), self.fake.cost(midnight - DAY, midnight)
        assert today <= DAILY, f"today costs {today}"
        assert yesterday <= DAILY, f"yesterday cost {yesterday}"

    def finish(self) -> None:
        """Whatever goes on ends; then the books are closed and compared."""
        self.fake.breaks.clear()
        self.fake.stuck_next.clear()
        self.fake.list_lag = 0
        self.begin_site()
        for _ in range(60):
            self.clock.advance(TICK)
            self._site().reconcile()
        assert self.fake.paid() == []
        self._site().terminate()
        assert self.fake.existing() == []
        paid = sum(rental.cost(0, self.clock.now()) for rental in self.ledger.rentals(0))
        assert [rental for rental in self.ledger.rentals(0) if rental.ended is None] == []
        assert paid >= self.fake.cost() - 1e-6, "our books say less than the provider's"
        # Ours run until the provider has confirmed an end, or until somebody looked again.
        assert paid <= self.fake.cost() * 1.25 + 0.30, "our books say far more than the provider's"
        assert sum(bill.cost for bill in self.ledger.bills) <= paid

    def close(self) -> None:
        self.fake.close()
        for steps in self.killed:
            self.quietly(steps.close)
        self.client.close()

    def quietly(self, act: Callable[[], object]) -> None:
        """As a site does it that logs what goes wrong and comes again."""
        try:
            act()
        except RenderError as error:
            self.errors[error.code] = self.errors.get(error.code, 0) + 1

    def _site(self) -> PodSource:
        if not self.sites:
            self.begin_site()
        return self.random.choice(self.sites)


def live(seed: int, steps: int) -> World:
    world = World(seed)
    happenings, weights = zip(*world.happenings(), strict=True)
    try:
        for _ in range(steps):
            world.random.choices(happenings, weights)[0]()
            world.check()
        world.finish()
    finally:
        world.close()
    return world


@pytest.mark.parametrize(
    ("steps", "enough", "refused"),
    [(120, 5, {"no_capacity"}), pytest.param(STEPS, 20, {"no_capacity", "budget_spent"}, marks=pytest.mark.slow)],
)
def test_after_so_many_random_steps_the_books_agree(steps: int, enough: int, refused: set[str]) -> None:
    world = live(seed=109, steps=steps)
    assert len(world.done) > enough, world.errors
    assert len(world.fake.pods) > enough
    assert refused <= set(world.errors)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 112))
def test_whatever_the_dice_say(seed: int) -> None:
    live(seed, STEPS)
