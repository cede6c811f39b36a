"""From an upload to a refined portrait that is deleted, with every part in a process of its own.

The GPU is a pod that the fake provider rents out; in `make check` its worker really renders.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from gpuworker.clock import SYSTEM
from tests.gpuworker.processes import patiently
from tests.production.conftest import SiteOnParts, stored
from tests.production.parts import Part
from tests.production.site import ProductionSite, Running
from tests.runpod.fake import FakeRunPod, Timing
from tests.runpod.machines import LocalMachines, PaperMachines
from tests.runpod.served import ServedRunPod
from tests.site.running import Person


@pytest.fixture(params=["paper", "real"])
def provider(request: pytest.FixtureRequest) -> Iterator[ServedRunPod]:
    machines = PaperMachines(SYSTEM) if request.param == "paper" else LocalMachines()
    # Not ready before the test wants it: refined sheets would take the place of those that it watches.
    timing = Timing(provisioning=0.5, starting=100_000, silent=0.5)
    served = ServedRunPod(FakeRunPod(SYSTEM, machines, timing=timing, quota=None))
    yield served
    served.close()


@pytest.fixture
def site(provider: ServedRunPod, renting: SiteOnParts, request: pytest.FixtureRequest) -> ProductionSite:
    return renting(provider, f"whole_{request.node.callspec.id}")


@pytest.mark.slow
def test_case_45_a_portrait_is_alive_survives_a_kill_is_refined_and_deleted(
    site: ProductionSite, provider: ServedRunPod, s3_part: tuple[Part, dict[str, str]], photo: bytes
) -> None:
    person = site.person()
    work = site.run("work", "--no-demo")
    session = person.session_of(portrait := person.upload(photo))
    person.until(session, "ready")
    assert patiently(lambda: sheets_of(person, session)["current"] > 100, 240)
    kill_job_process(work)
    assert patiently(lambda: going_on(sheets_of(person, session)), 120)
    provider.fake.timing = Timing(provisioning=0.5, starting=0.5, silent=0.5)
    first = site.ended(session)
    assert (first["attempt"], first["charge"]) == (1, "charged")

    assert patiently(lambda: person.progress(session)["refining"]["state"] == "ready", 180)
    shown = "SELECT r.source FROM portraits_session s JOIN portraits_output o ON o.id = s.shown_id "
    shown += "JOIN portraits_render r ON r.id = o.render_id WHERE s.id = %s"
    assert site.rows(shown, session) == [("runpod-pod",)]
    assert_every_file_is_there(person, person.progress(session))
    assert site.rows("SELECT DISTINCT source, ended IS NULL FROM portraits_rental") == [("runpod-pod", True)]
    assert site.rows("SELECT outcome FROM portraits_bill WHERE outcome = 'done'")

    delete(person, portrait, session)
    assert stored(s3_part[1]) == []
    site.manage("fsck")
    assert work.stop() == 0
    assert "Traceback" not in work.log.read_text()
    assert [pod.status for pod in provider.fake.pods.values() if pod.status != "TERMINATED"] == ["RUNNING"]
    assert "terminated" in site.manage("shell", "-c", STOP_GPU)


STOP_GPU = "from portraits.rendering import workers; workers.gpu().stop(); workers.close(); print('terminated')"


def kill_job_process(work: Running) -> None:
    """kill -9 of the newest one, whose supervisor lives."""
    os.kill(int(re.findall(r"job process (\d+) takes renders", work.log.read_text())[-1]), signal.SIGKILL)


def sheets_of(person: Person, session: str) -> dict[str, Any]:
    """Progress of its sheets, which are queued as the first pass ends; refined ones may take their place."""
    return person.progress(session)["sheets"] or {"current": 0, "attempt": 2, "state": "ready"}


def going_on(progress: dict[str, Any]) -> bool:
    return bool(progress["attempt"] == 2 and progress["state"] in ("rendering", "starting", "ready"))


def assert_every_file_is_there(person: Person, progress: dict[str, Any]) -> None:
    manifest = person.http.get(progress["manifest"]).json()
    assert manifest["complete"]
    names = [manifest["poster"], *(name for level in manifest["levels"] for name in level.get("sheets", ()))]
    assert len(names) == 10
    for name in names:
        answer = person.http.get(progress["manifest"].replace("manifest.json", name))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")


def delete(person: Person, portrait: str, session: str) -> None:
    page = f"/portraits/{portrait}/"
    person.post(f"{page}delete/", f"{page}delete/")
    assert person.http.get(page).status_code == 404
    assert person.http.get(f"/sessions/{session}/manifest.json").status_code == 404
