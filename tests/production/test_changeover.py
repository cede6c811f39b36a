"""What a person sees while the GPU is cold, when it is done, and when there is none: one page, never loaded again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from gpuworker.clock import SYSTEM
from tests.production.conftest import rented, site_on_parts
from tests.production.parts import Part
from tests.production.site import ProductionSite
from tests.runpod.fake import FakeRunPod, Timing
from tests.runpod.machines import LocalMachines
from tests.runpod.served import ServedRunPod
from tests.site.browser import PATIENCE, Visitor, all_differ

SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
FINEST = {"desktop": "q{}.webp", "phone": "q{}_20.webp"}
"""Sheets of the best level that a device of each size holds."""
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
WATCH = """() => {
  window.neverLoadedAgain = true;
  window.levels = [];
  document.addEventListener('gaze-level', ({ detail }) => window.levels.push(detail.name));
}"""
ASK_AGAIN = "UPDATE portraits_render SET not_before = now() WHERE session_id = %s AND source <> 'child' RETURNING 1"


@dataclass
class Witness:
    """Somebody before a portrait's page: what it asks for, and what it is told."""

    visitor: Visitor
    asked: list[str] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url.rpartition("/")[2]))
        self.page.on("websocket", self._listen)

    @property
    def page(self) -> Page:
        return self.visitor.page

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda text: self.told.append(json.loads(text)))

    def watch(self) -> None:
        """From here on, this very page stays."""
        self.page.evaluate(WATCH)

    @property
    def stayed(self) -> bool:
        return bool(self.page.evaluate("window.neverLoadedAgain === true"))

    def sheets(self, shown: str) -> set[str]:
        """The finest level's that were asked for, of that attempt."""
        names = {FINEST[self.visitor.name].format(number) for number in range(4)}
        return {name for name in names if shown + name in self.asked}

    def wait_finest(self, shown: str, times: int = 1) -> None:
        """Until the best level is drawn for the nth time since `watch`; all its sheets are of that attempt."""
        level = "full" if self.visitor.name == "desktop" else "mobile"
        self.page.wait_for_function(
            "([level, times]) => window.levels.filter((name) => name === level).length >= times", arg=[level, times]
        )
        assert len(self.sheets(shown)) == 4

    def snapshot(self) -> dict[str, Any]:
        """As the page would poll it."""
        address = self.page.locator("#portrait").get_attribute("data-progress")
        answer: dict[str, Any] = self.page.request.get(str(address)).json()
        return answer

    def expect_line(self, sentence: str | re.Pattern[str]) -> None:
        line = self.page.locator("#refining-words")
        expect(line).to_have_text(sentence, timeout=PATIENCE)
        expect(line).to_be_visible()

    def wait_complete(self) -> dict[str, Any]:
        """The first pass has ended and its panel has folded away."""
        expect(self.page.locator("#progress")).to_be_hidden(timeout=PATIENCE)
        return self.snapshot()


@pytest.fixture
def provider() -> Iterator[ServedRunPod]:
    served = ServedRunPod(FakeRunPod(SYSTEM, LocalMachines(), timing=COLD, quota=None))
    yield served
    served.close()


@pytest.fixture
def site(
    tmp_path: Path,
    provider: ServedRunPod,
    redis_part: tuple[Part, str],
    postgres_part: tuple[Part, str],
    s3_part: tuple[Part, dict[str, str]],
    request: pytest.FixtureRequest,
) -> Iterator[ProductionSite]:
    name = f"changeover_{request.node.name[5:11]}"
    with site_on_parts(
        tmp_path / "site", name, redis_part[1], postgres_part[1], s3_part[1], **rented(provider)
    ) as site:
        site.start_web()
        yield site


@contextmanager
def witness(browser: Browser, site: ProductionSite, size: str, state: Any = None) -> Iterator[Witness]:
    """In a window of that size, with another one's cookies."""
    context = browser.new_context(base_url=site.address, storage_state=state, **SIZES[size])
    try:
        yield Witness(Visitor(context.new_page(), size))
    finally:
        context.close()


@pytest.fixture
def desktop(browser: Browser, site: ProductionSite) -> Iterator[Witness]:
    """Signed in."""
    with witness(browser, site, "desktop") as somebody:
        somebody.page.goto(site.sign_in_link())
        yield somebody


@pytest.fixture
def phone(browser: Browser, site: ProductionSite, desktop: Witness) -> Iterator[Witness]:
    """The same person's."""
    with witness(browser, site, "phone", desktop.page.context.storage_state()) as somebody:
        yield somebody


def begin(somebody: Witness, photo: bytes) -> None:
    somebody.visitor.drop(photo)
    somebody.visitor.bring_to_life()
    somebody.watch()
    somebody.visitor.wait_alive()


@pytest.mark.slow
def test_a_face_that_is_alive_while_the_gpu_is_cold_changes_over_on_the_same_page(
    site: ProductionSite, provider: ServedRunPod, desktop: Witness, phone: Witness, photo: bytes
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
    desktop.wait_finest(first["shown"])
    assert [pod.status for pod in provider.fake.existing()] == ["STARTING"], "complete before the GPU has begun"

    provider.fake.timing = WARM
    for each in (desktop, phone):
        each.expect_line(REFINED)
    refined = desktop.snapshot()
    assert refined["shown"] != first["shown"]
    assert (refined["refining"]["state"], refined["complete"]) == ("ready", True)
    desktop.wait_finest(refined["shown"], times=2)
    phone.page.wait_for_function("() => window.levels.length > 0")
    for each in (desktop, phone):
        assert each.stayed
        assert all_differ(each.visitor.four_corners())
        each.visitor.keep("changeover-2-refined")
    phone.wait_finest(refined["shown"])
    shown = [snapshot["shown"] for snapshot in desktop.told if snapshot["shown"]]
    assert list(dict.fromkeys(shown)) == [first["shown"], refined["shown"]], "from one pass to the other, once"
    assert work.stop() == 0


@pytest.mark.slow
def test_where_no_gpu_is_to_be_had_the_first_pass_stands_and_the_page_says_so(
    site: ProductionSite, provider: ServedRunPod, desktop: Witness, photo: bytes, monkeypatch: pytest.MonkeyPatch
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
