"""Specification of a rented pod, and the deadlines for it."""

from __future__ import annotations

from dataclasses import dataclass

GPUS = (
    "NVIDIA GeForce RTX 4090",
    "NVIDIA L40S",
    "NVIDIA RTX 6000 Ada Generation",
    "NVIDIA GeForce RTX 5090",
    "NVIDIA L4",
)
"""Kinds of GPU, the preferred one first."""


@dataclass(frozen=True, slots=True)
class PodSpec:
    """Pod to rent.

    prefix: of the names of our pods; every deployment under one key needs its own;
    volume: id of a network volume with the weights, mounted at `volume_path`; it pins the data centre;
    most_hourly: dollars above which a GPU is not rented.
    """

    image: str
    prefix: str = "gaze-"
    gpus: tuple[str, ...] = GPUS
    cloud: str = "SECURE"
    disk: int = 40
    data_centres: tuple[str, ...] = ()
    volume: str | None = None
    volume_path: str = "/models"
    min_cuda: str | None = None
    args: str = ""
    engine: str = "warp"
    most_hourly: float = 1.2


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Deadlines, in seconds.

    provisioning, starting (the first pull of an image takes up to twenty minutes), answering (the
    proxy says 502 for a minute after RUNNING) and loading end in termination and another try, `rounds` in all;
    gone: for a pod that answered before and does not now; idle: until it is stopped; stopped: until it is
    terminated; poll: between two looks; look: between two looks at the budget; count: between two looks at all
    pods while one is waited for, because an order that seemed lost may have become a second one.
    """

    provisioning: float = 300.0
    starting: float = 1500.0
    answering: float = 120.0
    loading: float = 600.0
    gone: float = 45.0
    rounds: int = 3
    idle: float = 600.0
    stopped: float = 86_400.0
    worker_idle: float = 900.0
    poll: float = 4.0
    look: float = 10.0
    count: float = 60.0
