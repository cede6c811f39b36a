from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from playwright.sync_api import Route

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage, Staged
from tests.gaze.rig.conftest import FRAME, GOLDEN, header, write_rig

SMALL = '<gaze-tracker src="manifest.json" smoothing="1" width="120" idle="off"></gaze-tracker>'
LARGE = '<gaze-tracker src="manifest.json" smoothing="1" width="320" idle="off"></gaze-tracker>'

ALIVE = (
    "() => told.filter(({ type }) => type === 'gaze-ready').length === document.querySelectorAll('gaze-tracker').length"
)
LOSE = "window.extension = count.contexts[0].getExtension('WEBGL_lose_context'); extension.loseContext();"

PICTURE = """(element) => {
  const canvas = element.shadowRoot.querySelector('canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 1) sum = (sum * 31 + data[i]) % 1000003;
  return sum;
}"""


def files(stage: Stage) -> list[str]:
    return [name for name in stage.requested if not name.endswith((".js", ".html"))]


def picture(stage: Stage, nth: int = 0) -> int:
    """A number for what an element shows."""
    number: int = stage.page.locator("gaze-tracker").nth(nth).evaluate(PICTURE)
    return number


def widths(stage: Stage) -> list[Any]:
    return [each["width"] for each in stage.told("gaze-level")]


def test_the_poster_is_alive_first_and_the_photo_replaces_it(stage: Stage, site: Site) -> None:
    write_rig(site.folder, "preview", "mobile")
    stage.open(site.page(LARGE))
    stage.wait_for("() => told.filter(({ type }) => type === 'gaze-level').length === 2")
    assert widths(stage) == [FRAME[0], 2 * FRAME[0]]
    assert {each["name"] for each in stage.told("gaze-level")} == {"rig"}
    assert len(stage.told("gaze-ready")) == 1
    assert {*files(stage)} == {"manifest.json", "poster.webp", "rig.bin", "photo.webp"}
    stage.look(-1, -1)
    before = picture(stage)
    stage.look(1, 1)
    assert picture(stage) != before


def test_the_files_of_a_rig_are_asked_for_while_its_code_comes(staged: Staged, site: Site) -> None:
    write_rig(site.folder)
    stage = staged()
    held: list[Route] = []
    kinds: list[str] = []
    stage.page.route("**/parts/rig.js", lambda route: held.append(route))
    stage.page.on("request", lambda each: kinds.append(each.resource_type) if "poster" in each.url else None)
    with stage.page.expect_request("**/rig.bin"), stage.page.expect_request("**/poster.webp"):
        stage.open(site.page(SMALL))
    stage.wait_for("() => document.querySelector('gaze-tracker').shadowRoot.querySelector('img').complete")
    assert [each.request.url.rpartition("/")[2] for each in held] == ["rig.js"]
    assert kinds == ["fetch", "image"], "a still picture that comes first must be asked for again"
    held[0].continue_()
    stage.wait_for(ALIVE)


def test_a_photo_that_would_not_be_seen_is_not_loaded(stage: Stage, site: Site) -> None:
    write_rig(site.folder)
    stage.open(site.page(SMALL))
    stage.wait_for_level("rig")
    stage.settle()
    assert "photo.webp" not in stage.requested
    stage.page.locator("gaze-tracker").evaluate("(element) => { element.width = '320'; }")
    stage.wait_for("() => told.some(({ width }) => width === 324)")


def test_the_smaller_format_is_taken_where_the_browser_decodes_it(stage: Stage, site: Site) -> None:
    write_rig(site.folder, formats=("webp", "avif"))
    stage.open(site.page(LARGE))
    stage.wait_for("() => told.some(({ width }) => width === 324)")
    assert {"photo.avif", "photo.webp"} & {*files(stage)} == {"photo.avif"}


def test_without_a_poster_the_photo_comes_first(stage: Stage, site: Site) -> None:
    write_rig(site.folder)
    (site.folder / "poster.webp").unlink()
    stage.open(site.page(SMALL))
    stage.wait_for_level("rig")
    assert widths(stage) == [2 * FRAME[0]]


def test_a_photo_that_is_missing_leaves_the_living_poster_and_is_told(stage: Stage, site: Site) -> None:
    write_rig(site.folder, "preview")
    (site.folder / "photo.webp").write_bytes(b"no picture")
    stage.open(site.page(LARGE))
    stage.wait_for_error("decode")
    assert widths(stage) == [FRAME[0]]
    assert "preview.webp" not in stage.requested


def test_elements_with_the_same_source_share_its_rig(stage: Stage, site: Site) -> None:
    write_rig(site.folder)
    stage.open(site.page(SMALL * 6))
    stage.wait_for(ALIVE)
    assert files(stage).count("rig.bin") == 1
    assert stage.count("textures") == 5
    stage.look(-1, -1, nth=0)
    before = picture(stage, 0)
    stage.look(1, 1, nth=5)
    assert picture(stage, 0) == before != picture(stage, 5)
    stage.page.evaluate("document.querySelectorAll('gaze-tracker').forEach((each) => each.remove())")
    stage.wait_for("() => count.textures === 0")


def test_a_context_that_comes_back_draws_again_without_the_network(stage: Stage, site: Site) -> None:
    write_rig(site.folder)
    stage.open(site.page(LARGE))
    stage.wait_for("() => told.some(({ width }) => width === 324)")
    stage.look(-1, -1)
    before = picture(stage)
    stage.page.route("**/*", lambda route: route.abort())
    stage.page.evaluate(LOSE)
    stage.wait_for_error("context-lost")
    stage.look(1, 1)
    assert picture(stage) == before, "the picture stays while the context is away"
    stage.page.evaluate("told.length = 0; extension.restoreContext();")
    stage.wait_for("() => told.some(({ width }) => width === 324)")
    stage.settle()
    assert picture(stage) != before
    stage.look(-1, -1)
    assert picture(stage) == before
    assert [each["type"] for each in stage.told("gaze-error")] == []


@pytest.mark.slow
def test_a_rig_that_is_away_is_asked_for_again_and_no_sheet_instead(staged: Staged, site: Site) -> None:
    stage = staged()
    stage.page.clock.install()
    write_rig(site.folder, "preview")

    def away(route: Route) -> None:
        route.fulfill(status=503)

    stage.page.route("**/rig.bin", away, times=1)
    stage.open(site.page(SMALL))
    stage.wait_for_error("rig")
    stage.page.clock.run_for(200_000)
    stage.wait_for_level("rig")
    assert "preview.webp" not in stage.requested


def test_a_rig_that_is_damaged_or_gone_is_told_and_sheets_serve(stage: Stage, site: Site) -> None:
    for spoil in ("damaged", "gone"):
        write_rig(site.folder, "preview", rig=b"RIG1 but nothing more")
        if spoil == "gone":
            (site.folder / "rig.bin").unlink()
        stage.open(site.page(SMALL))
        stage.wait_for_error("rig")
        stage.wait_for_level("preview")
        assert stage.look(1, 1).blue == drawn.MARKS["preview"]


def test_a_browser_that_cannot_inflate_shows_sheets(staged: Staged, site: Site) -> None:
    stage = staged()
    stage.page.add_init_script("delete window.DecompressionStream;")
    write_rig(site.folder, "preview")
    stage.open(site.page(SMALL))
    stage.wait_for_error("rig")
    stage.wait_for_level("preview")


def test_shaders_that_the_card_refuses_leave_a_plain_canvas_with_sheets(staged: Staged, site: Site) -> None:
    stage = staged()
    stage.page.add_init_script(
        """
        WebGL2RenderingContext.prototype.linkProgram = () => {};"""
    )
    write_rig(site.folder, "preview")
    stage.open(site.page(SMALL))
    stage.wait_for_error("webgl")
    stage.wait_for_level("preview")
    assert stage.look(1, 1).cell == (5, 5)


def test_each_damaged_rig_is_an_event_and_the_poster_and_never_an_exception(stage: Stage, site: Site) -> None:
    damaged = json.loads((GOLDEN.parent / "damaged-rigs.json").read_text())
    kinds = [each["kind"] for each in damaged if each["kind"]]
    assert len(kinds) >= 40
    write_rig(site.folder)
    for number, each in enumerate(each for each in damaged if each["kind"]):
        level = {"name": "rig", "kind": "rig", "rig": f"{number}.rig", "photo": {"webp": "photo.webp"}}
        frame = {"width": FRAME[0], "height": FRAME[1]}
        site.write(f"{number}.rig", base64.b64decode(each["data"]))
        site.write(f"{number}.json", json.dumps(drawn.manifest({**level, "frame": frame}, frame=frame)))
    tags = [
        f'<gaze-tracker src="{number}.json" width="20" loading="eager"></gaze-tracker>' for number in range(len(kinds))
    ]
    stage.open(site.page("".join(tags)))
    stage.wait_for(f"() => told.filter(({{ code }}) => code === 'rig').length === {len(kinds)}")
    told = sorted(each["message"] for each in stage.told("gaze-error"))
    assert all(any(f"({kind}" in message for message in told) for kind in kinds)
    assert stage.told("gaze-ready") == []
    shown = """() => [...document.querySelectorAll('gaze-tracker')].every(({ shadowRoot }) =>
      shadowRoot.querySelector('img').naturalWidth && !shadowRoot.querySelector('.covered'))"""
    stage.wait_for(shown)


def test_fifty_portraits_stay_within_their_share_of_the_card(stage: Stage, site: Site) -> None:
    assert header()["frame"] == list(FRAME)
    write_rig(site.folder)
    text = (site.folder / "manifest.json").read_text()
    for number in range(50):
        site.write(f"{number}.json", text)
    tags = [f'<gaze-tracker src="{number}.json" width="60" loading="eager"></gaze-tracker>' for number in range(50)]
    stage.open(site.page("".join(tags)))
    stage.wait_for(ALIVE)
    assert len(stage.page.evaluate("count.contexts")) == 1
    assert stage.count("textures") == 250
    stage.page.evaluate("document.querySelectorAll('gaze-tracker').forEach((each) => each.remove())")
    stage.wait_for("() => count.textures === 0")
