"""The GPU engine behind a whole site: a rented worker with seeded weights refines what the first pass made.

Seeded weights paint noise, so what is seen here is the way of the pictures and not their beauty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from gpuworker import environment, weights
from gpuworker.clock import SYSTEM
from tests.gpuworker.engines.liveportrait import checkpoints, seeded_child, seeded_worker
from tests.gpuworker.engines.liveportrait.tiny import TINY
from tests.production.conftest import SiteOnParts
from tests.production.page_observer import PageObserver, begin, observe_page
from tests.production.site import ProductionSite
from tests.runpod.fake import FakeRunPod, Timing
from tests.runpod.machines import LocalMachines
from tests.runpod.served import ServedRunPod
from tests.site.browser import all_differ

pytestmark = pytest.mark.slow

REFINED = "This is the refined version."
MINUTES = 15 * 60_000
"""Milliseconds in which two cores paint 936 frames, even beside other work."""
TIMING = Timing(provisioning=0.2, starting=0.2, silent=0.5)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A folder with tiny seeded checkpoints, as a network volume would hold the official ones."""
    folder = tmp_path / "volume"
    table = checkpoints.write(folder, TINY)
    (folder / seeded_child.TABLE).write_text(json.dumps({name: asdict(each) for name, each in table.items()}))
    return folder


@pytest.fixture
def provider(volume: Path) -> Iterator[ServedRunPod]:
    image = {weights.FOLDER: str(volume), environment.DEVICE: "cpu"}
    machines = LocalMachines(processes=1, image=image, module=seeded_worker.__name__)
    served = ServedRunPod(FakeRunPod(SYSTEM, machines, timing=TIMING, quota=None))
    yield served
    served.close()


@pytest.fixture
def site(provider: ServedRunPod, renting: SiteOnParts) -> ProductionSite:
    return renting(provider, "liveportrait", GPU_ENGINE="liveportrait")


@pytest.fixture
def person(browser: Browser, site: ProductionSite) -> Iterator[PageObserver]:
    """Signed in."""
    with observe_page(browser, site, "desktop") as somebody:
        somebody.page.goto(site.sign_in_link())
        yield somebody


def manifest(person: PageObserver, snapshot: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = person.page.request.get(snapshot["manifest"]).json()
    return answer


def test_the_refined_manifest_of_a_seeded_worker_takes_the_place_of_the_first_on_the_open_page(
    site: ProductionSite, provider: ServedRunPod, person: PageObserver, photo: bytes
) -> None:
    work = site.run("work", "--no-demo")
    begin(person, photo)
    first = person.wait_complete()
    assert (first["complete"], manifest(person, first)["engine"]) == (True, "warp")
    person.wait_drawn("rig")

    person.expect_line(REFINED, MINUTES)
    refined = person.snapshot()
    assert refined["shown"] != first["shown"]
    made = manifest(person, refined)
    assert (made["engine"], made["complete"]) == ("liveportrait", True)
    assert [level["name"] for level in made["levels"]] == ["preview", "mobile", "full"]
    person.wait_drawn("full")
    assert person.stayed
    assert all_differ(person.visitor.four_corners())
    person.visitor.keep("liveportrait-refined")
    source = (
        "SELECT DISTINCT source, engine FROM portraits_render WHERE session_id = %s AND state = 'ready' ORDER BY source"
    )
    assert site.rows(source, refined["session"]) == [("child", "warp"), ("runpod-pod", "liveportrait")]
    assert work.stop() == 0
    assert len(provider.fake.pods) == 1
