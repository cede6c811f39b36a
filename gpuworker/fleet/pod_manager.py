"""Manager of the pods under our prefix: lists, orders, starts and stops them, and accounts for their costs.

The provider's list is the truth. Several processes may look after the same pods, each of them may be killed
at any point, and the next one finds what is there and puts the ledger right.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import uuid
from typing import Any

from gpuworker.clock import Clock
from gpuworker.errors import BudgetSpent, NoCapacity, WorkerLost
from gpuworker.fleet.budget import DAY, Budget
from gpuworker.fleet.ledger import Ledger, Rental
from gpuworker.fleet.pod_spec import Deadlines, PodSpec
from gpuworker.fleet.runpod import AmbiguousResponse, Pod, Problem, RunPod

log = logging.getLogger(__name__)

SOURCE = "runpod-pod"
RANK = {"RUNNING": 0, "STARTING": 1, "PROVISIONING": 1, "EXITED": 2}
"""Order in which pods are used, by status. A pod of any other status is of no use."""
LOOK_UP_PAUSES = (2.0, 5.0, 10.0)
"""Seconds after an ambiguous response to an order, before its name is looked for; as many orders are given."""

POD_END_SECONDS = 60.0
"""Longest time from a worker's decision to end until its pod costs nothing."""
BILL_SECONDS = 7200.0
"""Age of a rental before the provider's bill for it is taken to be whole."""


class PodManager:
    """Pods of one deployment.

    secret: each pod's token is derived from it and its name, so that a restarted site can still talk to its pod.
    """

    def __init__(
        self,
        api: RunPod,
        spec: PodSpec,
        ledger: Ledger,
        budget: Budget,
        secret: str,
        deadlines: Deadlines,
        clock: Clock,
    ) -> None:
        self._api = api
        self._spec = spec
        self._ledger = ledger
        self._budget = budget
        self._secret = secret.encode()
        self._deadlines = deadlines
        self._clock = clock

    def listed(self) -> list[Pod]:
        """All that exist, the one to use first. The ledger is made to say what they cost."""
        pods = [pod for pod in self._api.pods(self._spec.prefix) if pod.status != "TERMINATED"]
        self._reconcile(pods)
        return sorted(pods, key=lambda pod: (RANK.get(pod.status, 9), pod.created, pod.id))

    def settled(self) -> Pod | None:
        """The one pod that everybody agrees on; all others, and those that have failed, are terminated.

        So two processes that ordered one each at the same time end up with one between them.
        """
        best = None
        for pod in self.listed():
            if best is None and pod.status in RANK:
                best = pod
            else:
                self.terminate(pod)
        return best

    def again(self, pod: Pod) -> Pod | None:
        """Pod as it is now; None when it is gone."""
        now = self._api.pod(pod.id)
        if now is None:
            self._ledger.end(pod.id, self._clock.now())
        return now

    def ordered(self, cancelled: threading.Event | None = None) -> Pod:
        """A new pod of the first kind that there is. Raises NoCapacity, BudgetSpent, RentalRefused, WorkerLost."""
        offers = self._api.offers(self._spec.cloud)
        fitting = [offers[gpu] for gpu in self._spec.gpus if gpu in offers]
        for offer in fitting:
            if offer.available and offer.hourly <= self._spec.most_hourly:
                self.check_budget(offer.hourly)
                try:
                    return self._order(offer.gpu, offer.hourly, cancelled)
                except NoCapacity:
                    log.info("there is no %s", offer.gpu)
        raise NoCapacity

    def restarted(self, pod: Pod) -> Pod | None:
        """A stopped pod, started; None when its host has no GPU left for it, after which it is of no use."""
        self.check_budget(pod.hourly)
        # Noted before it is asked for: should the answer be lost, the start of its costs would be unknown.
        self._begin(pod, self._clock.now())
        try:
            self._api.change_pod(pod.id, {"env": self._environment(pod.name, pod.hourly)})
            started: Pod | None = self._api.start(pod.id)
        except (Problem, AmbiguousResponse) as error:
            log.warning("pod %s was not started again: %s", pod.id, error)
            started = self._api.pod(pod.id)
        if started is not None and started.paid:
            return started
        self.terminate(pod)
        return None

    def stop(self, pod: Pod) -> None:
        self._api.stop(pod.id)
        self._ledger.end(pod.id, self._clock.now())

    def terminate(self, pod: Pod) -> None:
        self._api.terminate(pod.id)
        self._ledger.end(pod.id, self._clock.now())

    def seen(self, pod: Pod) -> None:
        """Its worker answers."""
        self._ledger.see(pod.id, self._clock.now())

    def token(self, name: str) -> str:
        """Bearer token of the worker on the pod of that name."""
        return hmac.new(self._secret, f"worker {name}".encode(), hashlib.sha256).hexdigest()

    def unpaid_since(self, pod: Pod) -> float:
        """From when on no rental of this pod is noted."""
        ends = [each.ended for each in self._ledger.rentals(pod.created) if each.machine == pod.id and each.ended]
        return max([pod.created, *ends])

    # --- money

    def check_budget(self, hourly: float) -> None:
        """Raises BudgetSpent when a machine of that price must not be begun."""
        self._budget.check(self._ledger, self._clock.now(), hourly)

    def check_running(self) -> None:
        """Raises BudgetSpent, after having stopped what runs, when it must not go on. Otherwise sends no request."""
        now = self._clock.now()
        running = [each for each in self._ledger.rentals(now) if each.ended is None and each.source == SOURCE]
        hourly = sum(each.hourly for each in running)
        if hourly and self._budget.exhausted(self._ledger, now, hourly):
            log.warning("the day's budget is spent: the GPU is stopped")
            for rental in running:
                self._api.stop(rental.machine)
                self._ledger.end(rental.machine, self._clock.now())
            raise BudgetSpent(details={"retry_after": round(DAY - now % DAY)})

    def _reconcile(self, pods: list[Pod]) -> None:
        """Note what another process began or ended without noting it."""
        listed = {pod.id: pod for pod in pods}
        for rental in self._ledger.rentals(self._clock.now()):
            if rental.ended is None and rental.source == SOURCE:
                # The list may lag behind.
                pod = listed.get(rental.machine) or self._api.pod(rental.machine)
                if pod is None or not pod.paid:
                    self._ledger.end(rental.machine, self._unseen_end(rental))
        for pod in pods:
            if pod.paid:
                self._begin(pod, self.unpaid_since(pod))

    def _unseen_end(self, rental: Rental) -> float:
        """Latest end of a rental whose end was not seen, seconds since the epoch.

        A site that was away for a night must not pay for it from today's budget: a worker that answered once ends
        by itself when idle, and for one that never did, the provider's bill is asked for.
        """
        now = self._clock.now()
        if rental.seen is not None:
            return min(now, rental.seen + self._deadlines.worker_idle + POD_END_SECONDS)
        if now - rental.began < BILL_SECONDS:
            return now
        others = [each for each in self._ledger.rentals(0) if each.machine == rental.machine and each.ended is not None]
        paid = self._api.billed(rental.machine) - sum(each.cost(0, now) for each in others)
        return min(now, rental.began + max(0.0, paid) / rental.hourly * 3600)

    def _begin(self, pod: Pod, began: float) -> None:
        self._ledger.begin(Rental(pod.id, SOURCE, pod.gpu, pod.hourly, began))

    # --- an order

    def _order(self, gpu: str, hourly: float, cancelled: threading.Event | None) -> Pod:
        """Rented once: after an ambiguous response the name is looked for before the order is repeated."""
        name = f"{self._spec.prefix}{uuid.uuid4()}"
        body = self._body(name, gpu, hourly)
        began = self._clock.now()
        for pause in LOOK_UP_PAUSES:
            try:
                pod = self._api.create_pod(body, cancelled)
            except AmbiguousResponse as error:
                log.warning("an order was answered unclearly (%s): looking for %s", error, name)
                self._clock.wait(pause, cancelled)
                found = next(iter(self._api.pods(name)), None)
                if found is None:
                    continue
                pod = found
            self._begin(pod, began)
            return pod
        raise WorkerLost("The GPU provider does not answer. Another try will be made.")

    def _body(self, name: str, gpu: str, hourly: float) -> dict[str, Any]:
        spec = self._spec
        body: dict[str, Any] = {
            "name": name,
            "image": spec.image,
            "gpu": {"id": gpu, "count": 1, **({"minCudaVersion": spec.min_cuda} if spec.min_cuda else {})},
            "cloud": spec.cloud,
            "disk": spec.disk,
            "ports": ["8000/http"],
            "env": self._environment(name, hourly),
        }
        if spec.args:
            body["args"] = spec.args
        if spec.data_centres:
            body["dataCenterIds"] = list(spec.data_centres)
        if spec.volume:
            body["mounts"] = {"network": [{"volumeId": spec.volume, "path": spec.volume_path}]}
        return body

    def _environment(self, name: str, hourly: float) -> dict[str, str]:
        """The worker's. It ends by itself when idle, and in any case while it can still be paid."""
        now = self._clock.now()
        return {
            "WORKER_TOKEN": self.token(name),
            "WORKER_ENGINE": self._spec.engine,
            "WORKER_IDLE_EXIT": f"{self._deadlines.worker_idle:.0f}",
            "WORKER_UNTIL": f"{now + self._budget.lifetime(self._ledger, now, hourly):.0f}",
        }
