"""Reaper, `python -m gpuworker reap`: terminates our pods when the site that rented them is gone.

It needs the provider's key and the prefix of our names, and neither the site nor its database. Run it every
few minutes from somewhere else, with --older-than, or by hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from gpuworker.clock import SYSTEM, Clock
from gpuworker.environment import secret
from gpuworker.errors import BadRequest, WorkerLost
from gpuworker.fleet.runpod import REST, AmbiguousResponse, Pod, Problem, RunPod, provider_errors

SHORTEST_PREFIX = 3


def reap(
    api: RunPod, prefix: str, older_than: float = 0.0, *, dry_run: bool = False, clock: Clock = SYSTEM
) -> list[Pod]:
    """Terminate every pod whose name begins with `prefix` and that is `older_than` seconds old; returns them.

    One that cannot be terminated does not keep the others. Raises AccessDenied, Busy, WorkerLost, RentalRefused.
    """
    if len(prefix) < SHORTEST_PREFIX:
        raise BadRequest(f"A prefix of fewer than {SHORTEST_PREFIX} characters could belong to another site.")
    failures: list[Exception] = []
    reaped = []
    with provider_errors():
        pods = [pod for pod in api.pods(prefix) if pod.status != "TERMINATED"]
    for pod in pods:
        if clock.now() - pod.created < older_than:
            continue
        try:
            if not dry_run:
                api.terminate(pod.id)
            reaped.append(pod)
        except (Problem, AmbiguousResponse) as error:
            failures.append(error)
    if failures:
        sentence = f"{len(failures)} of {len(pods)} machines could not be terminated. Please run this again."
        raise WorkerLost(sentence, details={"reason": str(failures[0])})
    return reaped


def reap_from_environment(
    prefix: str, older_than: float, *, dry_run: bool, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Lines that say what was done. RUNPOD_API_KEY or RUNPOD_API_KEY_FILE; RUNPOD_REST_URL for a stand-in."""
    key = secret(environment, "RUNPOD_API_KEY")
    if key is None:
        raise BadRequest("Please set RUNPOD_API_KEY or RUNPOD_API_KEY_FILE.")
    api = RunPod(key, rest=environment.get("RUNPOD_REST_URL") or REST)
    try:
        reaped = reap(api, prefix, older_than, dry_run=dry_run)
    finally:
        api.close()
    done = "would be terminated" if dry_run else "terminated"
    for pod in reaped:
        yield f"{pod.name} ({pod.gpu}, ${pod.hourly:.2f} an hour, {pod.status}): {done}"
    yield f"{len(reaped)} machine{'' if len(reaped) == 1 else 's'} {done}."
