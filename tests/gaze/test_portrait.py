from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Route

from tests.gaze import drawn
from tests.gaze.conftest import Js, Site, Stage, Staged

pytestmark = pytest.mark.slow  # it waits as long as an element does before it asks again

TRACKER = '<gaze-tracker src="manifest.json" smoothing="1" width="80" {attributes}></gaze-tracker>'


def tracker(attributes: str = "") -> str:
    return TRACKER.format(attributes=attributes)


def test_the_preview_is_alive_first_then_the_finest_level(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview", "mobile", "full")
    stage.open(site.page(tracker()))
    stage.wait_for_level("full")
    assert [each["name"] for each in stage.told("gaze-level")] == ["preview", "full"]
    assert len(stage.told("gaze-ready")) == 1
    assert "q0_20.webp" not in stage.requested
    assert stage.look(1, -1).blue == drawn.MARKS["full"]


def test_a_small_device_stops_at_the_level_that_it_can_hold(staged: Staged, site: Site) -> None:
    stage = staged()
    large = (410, 512)
    drawn.write_portrait(site.folder, "preview", "mobile", "full")
    levels = [drawn.level("preview"), drawn.level("mobile"), drawn.level("full", large)]
    site.write("manifest.json", json.dumps(drawn.manifest(*levels)))
    stage.page.add_init_script("Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 2 });")
    stage.open(site.page(tracker()))
    stage.wait_for_level("mobile")
    assert stage.look(-1, 1).cell == (19, 0)


def test_a_growing_manifest_is_polled_and_upgraded_without_a_gap(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview", complete=False)
    stage.open(site.page(tracker()))
    stage.wait_for_level("preview")
    stage.look(1, 1)
    drawn.write_portrait(site.folder, "preview", "mobile", complete=True)
    stage.wait_for_level("mobile")
    assert stage.seen().cell == (19, 19)
    assert stage.seen().blue == drawn.MARKS["mobile"]
    assert stage.count("textures") == 40 + 1


def test_a_page_that_wants_no_polling_upgrades_when_it_says_so(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview", complete=False)
    stage.open(site.page(tracker("no-poll")))
    stage.wait_for_level("preview")
    drawn.write_portrait(site.folder, "preview", "mobile")
    stage.page.locator("gaze-tracker").evaluate("(element) => element.refresh()")
    stage.wait_for_level("mobile")
    assert stage.requested.count("manifest.json") == 2


def test_a_complete_manifest_is_not_asked_for_again(staged: Staged, site: Site) -> None:
    stage = staged()
    drawn.write_portrait(site.folder, "preview")
    stage.page.clock.install()
    stage.open(site.page(tracker()))
    stage.wait_for_level("preview")
    stage.page.clock.run_for(20_000)
    assert stage.requested.count("manifest.json") == 1


Outage = Callable[[Route], None]

LONG = 200_000
"""Milliseconds of the page's clock, in which whatever is tried again has been tried again."""


def away(route: Route) -> None:
    route.fulfill(status=503)


def unreachable(route: Route) -> None:
    route.abort("connectionrefused")


def away_for_an_hour(route: Route) -> None:
    route.fulfill(status=503, headers={"Retry-After": "3000"})


def on_a_clock(staged: Staged) -> Stage:
    stage = staged()
    stage.page.clock.install()
    return stage


@pytest.mark.parametrize("answer", [away, unreachable])
def test_a_first_manifest_that_is_away_is_asked_for_again(staged: Staged, site: Site, answer: Outage) -> None:
    stage = on_a_clock(staged)
    drawn.write_portrait(site.folder, "preview")
    stage.page.route("**/manifest.json", answer, times=1)
    stage.open(site.page(tracker()))
    stage.wait_for_error("manifest")
    stage.page.clock.run_for(LONG)
    stage.wait_for_level("preview")
    assert len(stage.told("gaze-error")) == 1
    assert stage.requested.count("manifest.json") == 2


def test_each_failure_of_a_manifest_is_told_once(staged: Staged, site: Site) -> None:
    stage = on_a_clock(staged)
    drawn.write_portrait(site.folder, "preview")
    stage.page.route("**/manifest.json", away, times=2)
    stage.open(site.page(tracker()))
    for count in (1, 2):
        stage.wait_for("(count) => told.length === count", count)
        stage.page.clock.run_for(LONG)
    stage.wait_for_level("preview")
    assert len(stage.told("gaze-error")) == 2


def test_a_server_is_left_alone_for_as_long_as_it_asks(staged: Staged, site: Site) -> None:
    stage = on_a_clock(staged)
    drawn.write_portrait(site.folder, "preview")
    stage.page.route("**/manifest.json", away_for_an_hour, times=1)
    stage.open(site.page(tracker()))
    stage.wait_for_error("manifest")
    stage.page.clock.run_for(2_000_000)
    assert stage.requested.count("manifest.json") == 1
    stage.page.clock.run_for(1_000_000)
    stage.wait_for_level("preview")


def test_a_page_that_wants_no_polling_tries_nothing_again(staged: Staged, site: Site) -> None:
    stage = on_a_clock(staged)
    stage.page.route("**/manifest.json", away)
    stage.open(site.page(tracker("no-poll")))
    stage.wait_for_error("manifest")
    stage.page.clock.run_for(LONG)
    assert stage.requested.count("manifest.json") == 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_final(staged: Staged, site: Site, status: int) -> None:
    stage = on_a_clock(staged)
    stage.page.route("**/manifest.json", lambda route: route.fulfill(status=status))
    stage.open(site.page(tracker()))
    stage.wait_for_error("manifest")
    stage.page.clock.run_for(LONG)
    assert stage.requested.count("manifest.json") == 1


def test_an_element_that_is_gone_tries_nothing_again(staged: Staged, site: Site) -> None:
    stage = on_a_clock(staged)
    stage.page.route("**/manifest.json", away_for_an_hour)
    stage.open(site.page(tracker()))
    stage.wait_for_error("manifest")
    stage.page.evaluate("document.querySelector('gaze-tracker').remove()")
    stage.page.clock.run_for(4_000_000)
    assert stage.requested.count("manifest.json") == 1


def test_a_sheet_that_is_away_is_asked_for_again(staged: Staged, site: Site) -> None:
    stage = on_a_clock(staged)
    drawn.write_portrait(site.folder, "preview", "mobile")
    stage.page.route("**/q1_20.webp", away, times=2)
    stage.open(site.page(tracker()))
    for count in (1, 2):
        stage.wait_for("(count) => told.filter(({ code }) => code === 'sheet').length === count", count)
        stage.page.clock.run_for(LONG)
    stage.wait_for_level("mobile")
    assert len(stage.told("gaze-error")) == 2


def test_neighbours_stand_in_only_until_the_sheet_is_there(staged: Staged, site: Site) -> None:
    stage = on_a_clock(staged)
    drawn.write_portrait(site.folder, "mobile")
    sheets = ",".join(drawn.level("mobile")["sheets"])
    stage.page.route("**/q1_20.webp", away, times=1)
    stage.open(site.page(f'<gaze-tracker src="{sheets}" grid="20" smoothing="1" width="80"></gaze-tracker>'))
    stage.wait_for_level("sheets")
    stage.page.clock.run_for(LONG)
    stage.wait_for("() => told.filter(({ type }) => type === 'gaze-level').length === 2")
    stage.page.clock.run_for(LONG)
    assert stage.requested.count("q1_20.webp") == 2
    assert len(stage.told("gaze-error")) == 1
    assert stage.count("textures") == 40 + 1


def test_a_sheet_that_is_refused_is_not_asked_for_again(staged: Staged, site: Site) -> None:
    stage = on_a_clock(staged)
    drawn.write_portrait(site.folder, "preview", "mobile")
    (site.folder / "q1_20.webp").unlink()
    stage.open(site.page(tracker()))
    stage.wait_for_error("sheet")
    stage.page.clock.run_for(LONG)
    assert stage.requested.count("q1_20.webp") == 1


def test_the_refined_portrait_of_another_engine_replaces_the_first(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "mobile")
    stage.open(site.page(tracker()))
    stage.wait_for_level("mobile")
    for number, data in enumerate(drawn.quadrants(20, 90)):
        site.write(f"q{number}_20.webp", data)
    site.write("manifest.json", json.dumps(drawn.manifest(drawn.level("mobile"), engine="liveportrait")))
    stage.page.locator("gaze-tracker").evaluate("(element) => element.refresh()")
    assert stage.look(0.9, 0.9).blue == 90


def test_a_whole_second_pass_of_the_same_engine_replaces_the_first(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview", "mobile")
    stage.open(site.page(tracker("no-poll")))
    stage.wait_for_level("mobile")
    second = drawn.level("mobile") | {"sheets": [f"second.q{number}.webp" for number in range(4)]}
    for name, data in zip(second["sheets"], drawn.quadrants(20, 90), strict=True):
        site.write(name, data)
    refresh = "(element) => element.refresh()"
    site.write("manifest.json", json.dumps(drawn.manifest(second, complete=False)))
    stage.page.locator("gaze-tracker").evaluate(refresh)
    assert "second.q0.webp" not in stage.requested, "half a pass replaces nothing"
    site.write("manifest.json", json.dumps(drawn.manifest(drawn.level("preview"), second)))
    stage.page.locator("gaze-tracker").evaluate(refresh)
    assert stage.look(0.9, 0.9).blue == 90
    stage.page.locator("gaze-tracker").evaluate(refresh)
    assert [each["name"] for each in stage.told("gaze-level")] == ["preview", "mobile", "mobile"]


def test_elements_with_the_same_source_share_its_frames(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "mobile")
    stage.open(site.page(tracker() * 6))
    stage.wait_for("() => told.filter(({ type }) => type === 'gaze-ready').length === 6")
    assert stage.look(-1, -1, nth=0).cell == (0, 0)
    assert stage.look(1, 1, nth=5).cell == (19, 19)
    assert stage.requested.count("q0_20.webp") == 1
    assert stage.count("textures") == 40 + 1
    stage.page.locator("gaze-tracker").first.evaluate("(element) => element.remove()")
    assert stage.look(1, -1, nth=4).cell == (0, 19)


def test_removing_the_last_element_frees_everything(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(tracker()))
    stage.wait_for_level("preview")
    stage.page.evaluate("document.querySelector('gaze-tracker').remove()")
    stage.wait_for("() => count.textures === 1")


def test_a_broken_sheet_of_a_fine_level_leaves_the_coarser_one(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview", "full")
    site.write("q2.webp", b"no picture")
    stage.open(site.page(tracker()))
    stage.wait_for_error("decode")
    assert [each["name"] for each in stage.told("gaze-level")] == ["preview"]
    assert stage.look(-1, 1).cell == (5, 0)


def test_a_sheet_that_was_missing_gets_another_chance(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview", "mobile")
    sheet = (site.folder / "q1_20.webp").read_bytes()
    (site.folder / "q1_20.webp").unlink()
    stage.open(site.page(tracker()))
    stage.wait_for_error("sheet")
    site.write("q1_20.webp", sheet)
    stage.page.locator("gaze-tracker").evaluate("(element) => element.refresh()")
    stage.wait_for_level("mobile")


def test_where_memory_runs_out_during_an_upload_the_next_coarser_level_serves(staged: Staged, site: Site) -> None:
    stage = staged()
    drawn.write_portrait(site.folder, "preview", "mobile", "full")
    stage.page.add_init_script(
        """const { prototype } = WebGL2RenderingContext;
        const { texStorage3D, getError } = prototype;
        let full = false;
        prototype.texStorage3D = function (...values) {
          full = values[5] === 15;
          if (!full) texStorage3D.apply(this, values);
        };
        prototype.getError = function () {
          const error = getError.call(this);
          return full ? this.OUT_OF_MEMORY : error;
        };"""
    )
    stage.open(site.page(tracker()))
    stage.wait_for_level("mobile")
    assert [each["code"] for each in stage.told("gaze-error")] == ["memory"]
    assert stage.look(1, 1).cell == (19, 19)
    assert stage.count("textures") == 40 + 1


LOSE_DURING_UPLOAD = """
const { prototype } = WebGL2RenderingContext;
const { texStorage3D } = prototype;
let lost = false;
prototype.texStorage3D = function (...values) {
  texStorage3D.apply(this, values);
  if (lost || values[5] < 10) return;
  lost = true;
  const extension = this.getExtension('WEBGL_lose_context');
  extension.loseContext();
  this.canvas.addEventListener('webglcontextlost', () => setTimeout(() => extension.restoreContext(), 50));
};
"""
"""Once, when the first strip of a level of twenty steps or more is made."""

LOSE = "count.contexts[0].getExtension('WEBGL_lose_context')"


def test_a_lost_context_keeps_the_picture_and_comes_back(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "mobile")
    stage.open(site.page(tracker()))
    stage.wait_for_level("mobile")
    before = stage.look(-1, -1)
    stage.page.evaluate(f"window.extension = {LOSE}; extension.loseContext();")
    stage.wait_for_error("context-lost")
    assert stage.look(1, 1) == before
    stage.page.evaluate("told.length = 0; extension.restoreContext();")
    stage.wait_for_level("mobile")
    assert stage.look(1, 1).cell == (19, 19)


def test_a_level_whose_upload_cost_the_context_is_not_tried_again(staged: Staged, site: Site) -> None:
    stage = staged()
    drawn.write_portrait(site.folder, "preview", "mobile", "full")
    stage.page.add_init_script(LOSE_DURING_UPLOAD)
    stage.open(site.page(tracker()))
    stage.wait_for_level("mobile")
    assert stage.look(-1, 1).cell == (19, 0)
    assert [each["code"] for each in stage.told("gaze-error")] == ["context-lost"]


def test_the_only_level_is_tried_again_after_a_lost_context(staged: Staged, site: Site) -> None:
    drawn.write_portrait(site.folder, "mobile")
    stage = staged()
    stage.page.add_init_script(LOSE_DURING_UPLOAD)
    stage.open(site.page(tracker()))
    stage.wait_for_level("mobile")
    assert stage.look(-1, 1).cell == (19, 0)


MAKE_ROOM = """async ({ openPortrait }, manifest) => {
  const large = openPortrait({ key: 'large', manifest });
  Object.defineProperty(large, 'bytes', { get: () => 1.2e9 });
  const portrait = openPortrait({ key: 'portrait', manifest });
  await portrait.climb();
  const names = [portrait.frames.level.name];
  const climbed = new Promise((resolve) => portrait.addEventListener('level', resolve, { once: true }));
  large.close();
  await Promise.race([climbed, new Promise((resolve) => setTimeout(resolve, 10000))]);
  names.push(portrait.frames.level.name);
  portrait.close();
  return names;
}"""


def test_a_portrait_that_is_closed_makes_room_for_others(js: Js, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview", "mobile")
    assert js("portrait.js", MAKE_ROOM, f"{site.url}/manifest.json") == ["preview", "mobile"]
