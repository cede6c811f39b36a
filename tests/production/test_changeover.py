"""Page for a person while the GPU is cold, when it is done, and when there is none: one page, never loaded again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from gpuworker.clock import SYSTEM
from tests.production.conftest import SiteOnParts
from tests.production.page_observer import SIZES, PageObserver, begin, observe_page
from tests.production.site import ProductionSite
from tests.runpod.fake import FakeRunPod, Timing
from tests.runpod.machines import LocalMachines
from tests.runpod.served import ServedRunPod
from tests.site.browser import all_differ

COLD = Timing(provisioning=0.2, starting=1_000, silent=0.5)
WARM = Timing(provisioning=0.2, starting=0.2, silent=0.5)
IN_THE_MAKING = re.compile("^A refined version is being made: .+")
REFINED = "This is the refined version."
NONE_FREE = (
    "A refined version will follow. No GPU is free at the moment. The render will begin as soon as there is one."
)
NOT_REFINED = (
    "A refined version could not be made, and this one stays. The GPU of this site is not set up as it should be."
)
ASK_AGAIN = "UPDATE portraits_render SET not_before = now() WHERE session_id = %s AND source <> 'child' RETURNING 1"


@pytest.fixture
def provider() -> Iterator[ServedRunPod]:
    served = ServedRunPod(FakeRunPod(SYSTEM, LocalMachines(), timing=COLD, quota=None))
    yield served
    served.close()


@pytest.fixture
def site(provider: ServedRunPod, renting: SiteOnParts, request: pytest.FixtureRequest) -> ProductionSite:
    return renting(provider, "changeover_" + re.sub(r"\W+", "_", request.node.name)[-24:])


@pytest.fixture
def desktop(browser: Browser, site: ProductionSite) -> Iterator[PageObserver]:
    """Signed in."""
    with observe_page(browser, site, "desktop") as somebody:
        somebody.page.goto(site.sign_in_link())
        yield somebody


@pytest.fixture
def phone(browser: Browser, site: ProductionSite, desktop: PageObserver) -> Iterator[PageObserver]:
    """The same person's."""
    with observe_page(browser, site, "phone", desktop.page.context.storage_state()) as somebody:
        yield somebody


@pytest.mark.slow
def test_a_face_that_is_alive_while_the_gpu_is_cold_changes_over_on_the_same_page(
    site: ProductionSite, provider: ServedRunPod, desktop: PageObserver, phone: PageObserver, photo: bytes
) -> None:
    work = site.run("work", "--no-demo")
    begin(desktop, photo)
    assert [pod.status for pod in provider.fake.existing()] == ["STARTING"]
    first = desktop.wait_complete()
    assert first["complete"]
    phone.page.goto(desktop.page.url)
    phone.watch()
    for each in (desktop, phone):
        each.expect_line(IN_THE_MAKING)
        each.page.wait_for_function("() => document.querySelector('gaze-tracker')?.ready")
        each.visitor.keep("changeover-1-cold")
    desktop.wait_drawn("rig")
    assert [pod.status for pod in provider.fake.existing()] == ["STARTING"], "complete before the GPU has begun"

    provider.fake.timing = WARM
    for each in (desktop, phone):
        each.expect_line(REFINED)
    refined = desktop.snapshot()
    assert refined["shown"] != first["shown"]
    assert (refined["refining"]["state"], refined["complete"]) == ("ready", True)
    desktop.wait_drawn("rig")
    phone.page.wait_for_function("() => window.levels.length > 0")
    for each in (desktop, phone):
        assert each.stayed
        assert all_differ(each.visitor.four_corners())
        each.visitor.keep("changeover-2-refined")
    phone.wait_drawn("rig")
    shown = [snapshot["shown"] for snapshot in desktop.messages if snapshot["shown"]]
    passes = [each for each, before in zip(shown, [None, *shown], strict=False) if each != before]
    assert passes[-2:] == [first["shown"], refined["shown"]]
    assert len(set(passes)) == len(passes) <= 3, "from the rig alone to that with sheets to the refined one, once each"
    assert work.stop() == 0


@pytest.mark.slow
def test_where_no_gpu_is_to_be_had_the_first_pass_stands_and_the_page_says_so(
    site: ProductionSite, provider: ServedRunPod, desktop: PageObserver, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in provider.fake.gpus.values():
        kind.stock = 0
    site.run("work", "--no-demo")
    begin(desktop, photo)
    desktop.expect_line(NONE_FREE)
    first = desktop.wait_complete()
    desktop.expect_line(NONE_FREE)
    desktop.visitor.keep("changeover-3-no-gpu")

    monkeypatch.setattr("tests.runpod.fake.KEY", "another one: ours was revoked")
    assert site.rows(ASK_AGAIN, first["session"])
    desktop.expect_line(NOT_REFINED)
    last = desktop.snapshot()
    assert (last["shown"], last["complete"], last["refining"]["state"]) == (first["shown"], True, "failed")
    assert desktop.stayed
    desktop.visitor.keep("changeover-4-failed")
    desktop.page.set_viewport_size(SIZES["phone"]["viewport"])
    desktop.visitor.keep("changeover-4-failed-narrow")
    assert provider.fake.pods == {}


@pytest.mark.slow
@pytest.mark.parametrize("stock", [pytest.param(0, id="none"), pytest.param(9, id="cold")])
def test_whatever_the_gpu_does_a_dropped_photo_comes_alive(
    site: ProductionSite, provider: ServedRunPod, desktop: PageObserver, photo: bytes, stock: int
) -> None:
    """`make bench-site` measures how soon."""
    for kind in provider.fake.gpus.values():
        kind.stock = stock
    site.run("work", "--no-demo")
    desktop.visitor.drop(photo)
    desktop.visitor.bring_to_life()
    desktop.visitor.wait_alive()
