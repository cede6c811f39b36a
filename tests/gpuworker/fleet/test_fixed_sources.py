from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from gpuworker.clock import ManualClock
from gpuworker.errors import WorkerLost
from gpuworker.fleet.fixed_sources import LocalSource, UrlSource
from tests.gpuworker.jobs import TOKEN, a_job, client, table


def test_a_fixed_address_is_a_source(tmp_path: Path) -> None:
    with table(tmp_path) as jobs, client(jobs) as transport, httpx.Client(transport=transport._transport) as bare:
        source = UrlSource("http://worker/", TOKEN, client=bare, clock=ManualClock())
        source.warm()
        source.reconcile()
        assert [step.progress.stage for step in source.render(a_job())][-1] == "done"
        status = source.status()
        assert (status.source, status.phase, status.gpu, status.spent) == ("url", "ready", "Fake GPU", None)
        transport.breaks.next("health", "502")
        with pytest.raises(WorkerLost):
            source.status()
        source.stop()
        source.close()


def test_processes_of_this_machine_are_a_source(tmp_path: Path, astronaut: object) -> None:
    from tests.gpuworker.pictures import encoded

    source = LocalSource(tmp_path, size=2)
    source.reconcile()
    assert source.status().phase == "ready"
    source.stop()
    job = a_job(photo=encoded(astronaut), levels=("preview",))
    assert [step.progress.stage for step in source.render(job)][-1] == "done"
    source.close()
