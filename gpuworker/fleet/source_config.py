"""Configuration of a source of workers, made from plain values: reading an environment is the caller's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from gpuworker.clock import SYSTEM, Clock
from gpuworker.errors import BadRequest
from gpuworker.fleet import runpod
from gpuworker.fleet.budget import Budget
from gpuworker.fleet.fixed_sources import LocalSource, UrlSource
from gpuworker.fleet.ledger import Ledger, MemoryLedger
from gpuworker.fleet.pod_source import PodSource
from gpuworker.fleet.pod_spec import Deadlines, PodSpec
from gpuworker.fleet.runpod import RunPod
from gpuworker.fleet.serverless import EndpointSpec, ServerlessSource
from gpuworker.fleet.source import Source

Kind = Literal["child", "url", "runpod-pod", "runpod-serverless"]
SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """Kind of source, and what it needs. Raises BadRequest, with a sentence, when something is missing.

    url, token: for `url`; key, and the addresses of a fake: for both RunPod sources; secret, pod: for
    `runpod-pod`; endpoint: for `runpod-serverless`; daily_budget: dollars a day, for both.
    """

    kind: Kind = "child"
    engine: str = "warp"
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    secret: str = field(default="", repr=False)
    pod: PodSpec | None = None
    endpoint: EndpointSpec | None = None
    daily_budget: float = 5.0
    deadlines: Deadlines = field(default_factory=Deadlines)
    rest: str = runpod.REST
    serverless: str = runpod.SERVERLESS
    proxy: str = runpod.PROXY

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise BadRequest(f"The sources are {', '.join(get_args(Kind))}; “{self.kind}” is not one of them.")
        if self.kind == "url" and not self.url:
            raise BadRequest("The source url needs the address of a worker.")
        if self.kind.startswith("runpod") and not self.key:
            raise BadRequest(f"The source {self.kind} needs RUNPOD_API_KEY.")
        if self.kind == "runpod-pod" and (self.pod is None or len(self.secret) < SHORTEST_SECRET):
            raise BadRequest(f"The source runpod-pod needs an image, and a secret of {SHORTEST_SECRET} characters.")
        if self.kind == "runpod-serverless" and self.endpoint is None:
            raise BadRequest("The source runpod-serverless needs the id of an endpoint.")


def build(
    config: SourceConfig, ledger: Ledger | None = None, *, folder: Path | None = None, clock: Clock = SYSTEM
) -> Source:
    """The source, which rents nothing yet. ledger: one that outlives the process; without it, a forgetful one."""
    if config.kind == "child":
        return LocalSource(folder, engine=config.engine)
    if config.kind == "url":
        return UrlSource(config.url or "", config.token, folder=folder, clock=clock)
    api = RunPod(config.key or "", rest=config.rest, serverless=config.serverless, proxy=config.proxy, clock=clock)
    book, budget = ledger or MemoryLedger(), Budget(config.daily_budget)
    if config.kind == "runpod-serverless" and config.endpoint is not None:
        return ServerlessSource(api, config.endpoint, book, budget, folder=folder, clock=clock)
    if config.pod is None:
        raise BadRequest("The source runpod-pod needs an image.")
    return PodSource(
        api, config.pod, book, budget, config.secret, deadlines=config.deadlines, folder=folder, clock=clock
    )
