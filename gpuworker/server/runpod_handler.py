"""Handler of a RunPod Serverless worker: the same job table, whose answers go into the provider's stream.

The stream carries JSON alone, and no item may be large, so files travel as base64 in parts, each before the
snapshot that lists it. `seq` counts the items, because each item can be read once.
"""

from __future__ import annotations

import base64
import importlib
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gpuworker.errors import RenderError, Superseded
from gpuworker.server.job_queue import JobOver, JobTable
from gpuworker.workers import protocol
from gpuworker.workers.protocol import ENDED, Listing, Snapshot
from gpuworker.workers.worker import LocalWorker

log = logging.getLogger(__name__)

PART = 600_000
"""Bytes of a file in one item; the provider takes about a megabyte of JSON."""
LOOK_SECONDS = 1.0


class Handler:
    """Handler called by the provider's library for each job, one at a time."""

    def __init__(self, jobs: JobTable) -> None:
        self._jobs = jobs

    def __call__(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """event["input"] is a submission; yields {"seq", "snapshot"} and {"seq", "file", "part", "parts", "data"}.

        The last snapshot is that of a job which has ended. A refused submission is one {"seq", "protocol", "error"}.
        """
        for seq, item in enumerate(self._items(event)):
            yield {"seq": seq, **item}

    def _items(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        try:
            job = protocol.job_from_json(event.get("input"))
            snapshot = self._jobs.submit(job)
        except RenderError as error:
            yield protocol.refusal_json(error)
            return
        except JobOver:
            yield protocol.refusal_json(Superseded("This attempt is over."))
            return
        del event, job  # the photo is large
        identity, attempt = snapshot.id, snapshot.attempt
        try:
            yield from self._snapshots_and_files(identity, attempt, snapshot)
        finally:  # a cancelled job's generator is closed
            self._jobs.forget(identity, attempt)

    def _snapshots_and_files(self, identity: str, attempt: int, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
        sent: set[str] = set()
        while True:
            for listing in snapshot.files:
                if listing.name not in sent:
                    yield from self._parts(identity, attempt, listing)
                    sent.add(listing.name)
            yield {"snapshot": snapshot.to_json()}
            if snapshot.state in ENDED:
                return
            snapshot = self._jobs.wait(identity, attempt, snapshot.revision, LOOK_SECONDS)

    def _parts(self, identity: str, attempt: int, listing: Listing) -> Iterator[dict[str, Any]]:
        _, data = self._jobs.read(identity, listing.name, attempt)
        parts = range(0, len(data), PART)
        for part, begin in enumerate(parts):
            yield {
                "file": listing.name,
                "part": part,
                "parts": len(parts),
                "data": base64.b64encode(data[begin : begin + PART]).decode(),
            }


def main() -> None:
    """`python -m gpuworker.server.runpod_handler`, in the image of an endpoint."""
    logging.basicConfig(level=logging.INFO)
    runpod = importlib.import_module("runpod")
    with tempfile.TemporaryDirectory(prefix="worker-") as name:
        worker = LocalWorker(Path(name), engine=os.environ.get("WORKER_ENGINE") or "warp")
        jobs = JobTable(worker, Path(name), preparation=(("loading", worker.warm), ("warming", worker.wait_ready)))
        runpod.serverless.start({"handler": Handler(jobs), "return_aggregate_stream": False})


if __name__ == "__main__":
    main()
