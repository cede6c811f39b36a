"""Source of one rented RunPod pod.

The pod is found or rented, waited for, used while warm, stopped when idle, and replaced when stuck.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from gpuworker.clock import SYSTEM, Clock
from gpuworker.errors import AccessDenied, BudgetSpent, Cancelled, NoCapacity, OtherProtocol, RenderError
from gpuworker.fleet.budget import Budget
from gpuworker.fleet.ledger import Bill, Ledger
from gpuworker.fleet.pod_manager import SOURCE, PodManager
from gpuworker.fleet.pod_spec import Deadlines, PodSpec
from gpuworker.fleet.runpod import Pod, RunPod, provider_errors
from gpuworker.fleet.source import PhaseTimer, Status, step_of
from gpuworker.workers.http_client import HttpWorker
from gpuworker.workers.polling import RetryPolicy, TransientError
from gpuworker.workers.protocol import Health
from gpuworker.workers.worker import Job, Phase, Step

log = logging.getLogger(__name__)


_provider_errors = partial(provider_errors, "The GPU provider does not answer. Another try will be made.")


class _Stuck(Exception):
    """The pod will not become ready; another one may."""


@dataclass(slots=True)
class _Seen:
    """Since when a pod is in a state, as this process has seen it."""

    state: str
    since: float
    answered: bool = False


@dataclass(slots=True)
class _ReadyPod:
    """A pod that answers, with its worker."""

    pod: Pod
    worker: HttpWorker
    timer: PhaseTimer = field(repr=False)


class PodSource:
    """Source that rents one pod.

    secret: as in PodManager; retry_policy: with the worker, once it is ready; worker_client: for tests.
    """

    name = SOURCE

    def __init__(
        self,
        api: RunPod,
        spec: PodSpec,
        ledger: Ledger,
        budget: Budget,
        secret: str,
        *,
        deadlines: Deadlines = Deadlines(),  # noqa: B008 (frozen)
        retry_policy: RetryPolicy = RetryPolicy(),  # noqa: B008 (frozen)
        worker_client: httpx.Client | None = None,
        folder: Path | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self._api = api
        self._pod_manager = PodManager(api, spec, ledger, budget, secret, deadlines, clock)
        self._ledger = ledger
        self._budget = budget
        self._deadlines = deadlines
        self._retry_policy = retry_policy
        self._worker_client = worker_client or httpx.Client(follow_redirects=False)
        self._own_client = worker_client is None
        self._folder = folder
        self._clock = clock
        self._turn = threading.Lock()
        self._seen: dict[str, _Seen] = {}
        self._phase: Phase | None = None
        self._closed = threading.Event()
        self._warming: threading.Thread | None = None

    # --- as a Source

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
        """Steps, as Source.render: first the phases of the pod's way to readiness, then the worker's own steps."""
        ready = yield from self._get_ready(cancelled)
        seconds, outcome = 0.0, "abandoned"
        try:
            with _provider_errors(), closing(ready.worker.render(job, cancelled)) as steps:
                for step in self._affordable(steps, ready.pod):
                    seconds = max(seconds, step.seconds)
                    yield step
            outcome = "done"
        except RenderError as error:
            outcome = error.code
            raise
        finally:
            self._charge(job, ready, seconds, outcome)

    def warm(self) -> None:
        """Begin to get a pod ready, unless that goes on already."""
        if self._warming is None or not self._warming.is_alive():
            self._warming = threading.Thread(target=self._warm, name="warm-pod", daemon=True)
            self._warming.start()

    def reconcile(self) -> None:
        """Stop what is idle or unaffordable; terminate what is stuck, surplus or stopped for long."""
        with _provider_errors():
            pod = self._pod_manager.settled()
            if pod is not None:
                self._reconcile(pod)
            for gone in [identity for identity in self._seen if pod is None or identity != pod.id]:
                self._seen.pop(gone, None)
            try:
                self._pod_manager.check_running()
            except BudgetSpent as error:
                log.info("%s", error.sentence)

    def stop(self) -> None:
        """Every pod of ours, at once and whatever it is doing."""
        with _provider_errors():
            for pod in self._pod_manager.listed():
                if pod.paid:
                    self._pod_manager.stop(pod)

    def terminate(self) -> None:
        """Every pod of ours, for good."""
        with _provider_errors():
            for pod in self._pod_manager.listed():
                self._pod_manager.terminate(pod)

    def status(self) -> Status:
        with _provider_errors():
            pods = [pod for pod in self._pod_manager.listed() if pod.paid]
            phase = self._phase_of(pods[0], self._health(pods[0])) if pods else None
        spent = self._budget.spent(self._ledger, self._clock.now())
        if phase is None:
            return Status(self.name, "off", "No GPU is rented", spent=spent, daily=self._budget.daily)
        return Status(
            self.name,
            phase,
            step_of(phase).progress.message,
            tuple(each.id for each in pods),
            pods[0].gpu,
            sum(each.hourly for each in pods),
            spent,
            self._budget.daily,
        )

    def close(self) -> None:
        """Let go of connections. The pod stays warm for the next process, and ends by itself when none comes."""
        self._closed.set()
        if self._warming is not None:
            self._warming.join(30)
        if self._own_client:
            self._worker_client.close()
        self._api.close()

    # --- getting ready

    def _get_ready(self, cancelled: threading.Event | None) -> Generator[Step, None, _ReadyPod]:
        """One thread at a time looks for a pod; the others see how far it is."""
        timer = PhaseTimer(self._clock)
        while not self._turn.acquire(blocking=False):
            phase = self._phase or "provisioning"
            if timer.enter(phase):
                yield step_of(phase)
            self._clock.wait(min(1.0, self._deadlines.poll), cancelled)
        try:
            with _provider_errors():
                for _ in range(self._deadlines.rounds):
                    try:
                        pod = yield from self._ready_pod(timer, cancelled)
                    except _Stuck as stuck:
                        log.warning("a pod is given up: %s", stuck)
                        continue
                    timer.leave()
                    log.info("pod %s is ready after %s", pod.id, timer.seconds)
                    return _ReadyPod(pod, self._worker(pod), timer)
            raise NoCapacity("The rented GPU machines did not start. Another try will be made.")
        finally:
            self._phase = None
            self._turn.release()

    def _ready_pod(self, timer: PhaseTimer, cancelled: threading.Event | None) -> Generator[Step, None, Pod]:
        """A pod that answers. Raises _Stuck after having terminated one that does not."""
        found = self._pod_manager.settled()
        if found is not None and not found.paid:
            found = self._pod_manager.restarted(found)
        pod = found
        if pod is None:
            yield from self._entered(timer, "provisioning")
            ordered = self._pod_manager.ordered(cancelled)
            pod = self._pod_manager.settled() or ordered
        try:
            return (yield from self._waited_for(pod, timer, cancelled))
        except _Stuck:
            self._give_up(pod)
            raise
        except (OtherProtocol, AccessDenied) as error:
            self._give_up(pod)
            if found is None:
                raise
            raise _Stuck(f"pod {pod.id} is from before a deployment: {error.sentence}") from error

    def _waited_for(self, pod: Pod, timer: PhaseTimer, cancelled: threading.Event | None) -> Generator[Step, None, Pod]:
        counted = self._clock.now()
        while True:
            health = self._health(pod)
            phase = self._phase_of(pod, health)
            if phase is not None:
                yield from self._entered(timer, phase)
            if phase == "ready":
                self._see(pod, health)
                return pod
            self._check_stuck(pod, health)
            self._pod_manager.check_running()
            self._clock.wait(self._deadlines.poll, cancelled)
            if self._clock.now() - counted >= self._deadlines.count:
                counted = self._clock.now()
                self._pod_manager.settled()
            now = self._pod_manager.again(pod)
            if now is None:
                raise _Stuck(f"pod {pod.id} is gone")
            pod = now

    def _entered(self, timer: PhaseTimer, phase: Phase) -> Iterator[Step]:
        self._phase = phase
        if timer.enter(phase):
            yield step_of(phase)

    def _phase_of(self, pod: Pod, health: Health | None) -> Phase | None:
        """None for a pod that is on no way to readiness."""
        match pod.status:
            case "PROVISIONING":
                return "provisioning"
            case "STARTING":
                return "pulling"
            case "RUNNING":
                if health is None:
                    return "booting"
                return "ready" if health.state == "busy" else health.state
        return None

    def _check_stuck(self, pod: Pod, health: Health | None) -> None:
        """Raises _Stuck once its state has lasted longer than it may."""
        limits = {
            "PROVISIONING": self._deadlines.provisioning,
            "STARTING": self._deadlines.starting,
            "silent": self._deadlines.answering,
            "gone": self._deadlines.gone,
            "loading": self._deadlines.loading,
        }
        seen = self._see(pod, health)
        if seen.state not in limits:
            raise _Stuck(f"pod {pod.id} is {pod.status}")
        if self._clock.now() - seen.since > limits[seen.state]:
            raise _Stuck(f"pod {pod.id} has been {seen.state} for {limits[seen.state]:.0f} s")

    def _see(self, pod: Pod, health: Health | None) -> _Seen:
        """Note how the pod is, and since when."""
        seen = self._seen.setdefault(pod.id, _Seen(pod.status, self._clock.now()))
        state = pod.status
        if state == "RUNNING":
            seen.answered = seen.answered or health is not None
            silent = "gone" if seen.answered else "silent"
            state = silent if health is None else "ready" if health.state in ("ready", "busy") else "loading"
        else:
            seen.answered = False
        if state != seen.state:
            seen.state, seen.since = state, self._clock.now()
        return seen

    # --- keeping, stopping, paying

    def _reconcile(self, pod: Pod) -> None:
        try:
            health = self._health(pod)
            if pod.status == "EXITED":
                self._see(pod, None)
                if self._clock.now() - self._pod_manager.unpaid_since(pod) > self._deadlines.stopped:
                    self._give_up(pod)
            elif health is not None and health.state == "ready":
                self._see(pod, health)
                if health.idle_seconds >= self._deadlines.idle:
                    self._pod_manager.stop(pod)
            elif health is None or health.state != "busy":
                self._check_stuck(pod, health)
        except (_Stuck, OtherProtocol, AccessDenied) as error:
            log.warning("a pod is given up: %s", error)
            self._give_up(pod)

    def _give_up(self, pod: Pod) -> None:
        self._pod_manager.terminate(pod)
        self._seen.pop(pod.id, None)

    def _affordable(self, steps: Iterator[Step], pod: Pod) -> Iterator[Step]:
        """The same steps, for as long as they can be paid."""
        looked = self._clock.now()
        for step in steps:
            yield step
            if self._clock.now() - looked >= self._deadlines.look:
                looked = self._clock.now()
                self._pod_manager.seen(pod)
                self._pod_manager.check_running()

    def _charge(self, job: Job, ready: _ReadyPod, seconds: float, outcome: str) -> None:
        pod = ready.pod
        cost = round(seconds * pod.hourly / 3600, 6)
        phases = dict(ready.timer.seconds)
        self._ledger.bill(Bill(job.id, job.attempt, self.name, pod.id, pod.gpu, seconds, cost, outcome, phases))

    # --- the worker

    def _worker(self, pod: Pod) -> HttpWorker:
        return HttpWorker(
            self._api.proxy(pod.id),
            self._pod_manager.token(pod.name),
            retry_policy=self._retry_policy,
            client=self._worker_client,
            folder=self._folder,
            clock=self._clock,
        )

    def _health(self, pod: Pod) -> Health | None:
        """None while it does not answer."""
        if pod.status != "RUNNING":
            return None
        try:
            health = self._worker(pod).health()
        except TransientError:
            return None
        self._pod_manager.seen(pod)
        return health

    def _warm(self) -> None:
        try:
            with closing(self._get_ready(self._closed)) as steps:
                for step in steps:
                    log.info("%s", step.progress.message)
        except Cancelled:
            log.info("warming ends with the site")
        except RenderError as error:
            log.warning("no GPU could be warmed: %s", error.sentence)
