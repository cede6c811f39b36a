"""Whole pages: the ones that exist out there, and the one that the renderer writes."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

from tests.gaze import drawn
from tests.gaze.conftest import GAZE, Site, Stage, Staged
from tests.gaze.rig.conftest import write_rig

pytestmark = pytest.mark.slow  # each opens a page of many elements

SNIPPET = (
    '<gaze-tracker src="q0.webp,q1.webp,q2.webp,q3.webp" mode="quadrants" grid="30" width="512" height="640">'
    "</gaze-tracker>"
)
CORNERS = [((-1, -1), (0, 0)), ((1, -1), (0, 29)), ((-1, 1), (29, 0)), ((1, 1), (29, 29))]


def follow_at_once(stage: Stage) -> None:
    stage.page.locator("gaze-tracker").evaluate("(element) => element.setAttribute('smoothing', '1')")


def exactly(row: int, col: int, steps: int = 30) -> tuple[float, float]:
    """Where `lookAt` meets a cell of an even grid."""
    return 2 * col / (steps - 1) - 1, 2 * row / (steps - 1) - 1


@pytest.fixture
def quadrants(site: Site) -> Site:
    for number, data in enumerate(drawn.quadrants(30, drawn.MARKS["full"])):
        site.write(f"q{number}.webp", data)
    return site


def test_the_originals_snippet_runs_verbatim(stage: Stage, quadrants: Site) -> None:
    stage.open(quadrants.page(SNIPPET))
    stage.wait_for_level("sheets")
    follow_at_once(stage)
    assert stage.page.locator("gaze-tracker").bounding_box() == {"x": 8, "y": 8, "width": 512, "height": 640}
    for look, cell in CORNERS:
        assert stage.look(*look).cell == cell
    for row, col in [(14, 14), (14, 15), (15, 14), (15, 15), (7, 22)]:
        seen = stage.look(*exactly(row, col))
        assert (seen.row, seen.col) == (pytest.approx(row, abs=0.15), pytest.approx(col, abs=0.15))


def test_frames_do_not_bleed_into_one_another(stage: Stage, quadrants: Site) -> None:
    stage.open(quadrants.page(SNIPPET))
    stage.wait_for_level("sheets")
    follow_at_once(stage)
    middle = stage.look(*exactly(14, 15))
    assert [stage.seen(across, down) for across in (0, 0.999) for down in (0, 0.999)] == [middle] * 4


def test_between_the_quadrants_their_frames_are_mixed(stage: Stage, quadrants: Site) -> None:
    stage.open(quadrants.page(SNIPPET))
    stage.wait_for_level("sheets")
    follow_at_once(stage)
    seen = stage.look(0, 0)
    assert (seen.row, seen.col) == (pytest.approx(14.5, abs=0.15), pytest.approx(14.5, abs=0.15))


def test_a_single_sheet_holds_the_whole_grid(stage: Stage, site: Site) -> None:
    site.write("all.webp", drawn.whole(11, 30))
    stage.open(
        site.page('<gaze-tracker src="all.webp" mode="single" grid="11" smoothing="1" width="80"></gaze-tracker>')
    )
    stage.wait_for_level("sheets")
    for row, col in [(0, 0), (0, 10), (10, 0), (5, 5), (3, 8)]:
        assert stage.look(*exactly(row, col, 11)).cell == (row, col)
    # Coarse: the nearest frame, unmixed.
    assert stage.look(0.19, 0).col == stage.look(0.11, 0).col


def test_a_folder_of_the_original_is_a_source(stage: Stage, quadrants: Site) -> None:
    stage.open(quadrants.page('<gaze-tracker src="." smoothing="1" width="80" hide-controls></gaze-tracker>'))
    stage.wait_for_level("full")
    assert stage.look(1, -1).cell == (0, 29)
    assert stage.told("gaze-error") == []


def test_a_phone_takes_the_twenty_steps_of_that_folder_with_their_own_values(staged: Staged, site: Site) -> None:
    for number, data in enumerate(drawn.quadrants(20, drawn.MARKS["mobile"])):
        site.write(f"q{number}_20.webp", data)
    site.write("input.jpg", drawn.poster())
    stage = staged(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    stage.open(site.page('<gaze-tracker src="./" smoothing="1" width="80"></gaze-tracker>'))
    stage.wait_for_level("mobile")
    for col, step in [(0, 0), (1, 2), (2, 3), (10, 15), (18, 27), (19, 29)]:
        assert stage.look(2 * step / 29 - 1, -1).col == pytest.approx(col, abs=0.15)


def test_the_page_that_the_renderer_writes_is_alive_under_a_strict_policy(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    html = (GAZE / "standalone.html").read_text()
    site.write("strict.html", html.replace('"./', '"/gaze/'))
    shutil.copy(GAZE / "standalone.css", site.folder)
    stage.open(f"{site.url}/strict.html")
    expect(stage.page.locator("gaze-tracker:state(live)")).to_have_count(1)
    hint = stage.page.locator(".hint")
    expect(hint).to_have_css("opacity", "0.85")
    stage.page.mouse.move(10, 10)
    expect(hint).to_have_css("opacity", "0")
    assert stage.console == []


@pytest.mark.parametrize("viewport", [(1440, 900), (390, 844), (844, 390), (320, 568)])
def test_on_that_page_the_portrait_is_whole_and_centred(staged: Staged, site: Site, viewport: tuple[int, int]) -> None:
    width, height = viewport
    drawn.write_portrait(site.folder)
    for name in ("standalone.html", "standalone.css"):
        shutil.copy(GAZE / name, site.folder)
    stage = staged(viewport={"width": width, "height": height})
    stage.open(f"{site.url}/standalone.html")
    box = stage.page.locator("gaze-tracker").bounding_box()
    assert box
    assert box["x"] + box["width"] / 2 == pytest.approx(width / 2, abs=1)
    assert box["y"] + box["height"] / 2 == pytest.approx(height / 2, abs=1)
    assert box["width"] <= width
    assert box["height"] <= height - 80
    assert box["width"] / box["height"] == pytest.approx(0.8, abs=0.01)


def test_without_a_script_that_page_shows_the_picture(staged: Staged, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    for name in ("standalone.html", "standalone.css"):
        shutil.copy(GAZE / name, site.folder)
    stage = staged(java_script_enabled=False)
    stage.open(f"{site.url}/standalone.html")
    expect(stage.page.get_by_role("img", name="Portrait")).to_be_visible()


def test_fifty_portraits_share_one_context_and_one_loop(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    many = "".join(
        f'<gaze-tracker src="manifest.json?{n}" smoothing="1" width="40" no-poll></gaze-tracker>' for n in range(50)
    )
    stage.open(site.page(many))
    stage.wait_for("() => told.filter(({ type }) => type === 'gaze-ready').length === 50")
    assert stage.page.evaluate("count.contexts.length") == 1
    stage.settle()
    before = stage.count("frames")
    stage.page.mouse.move(790, 590)
    stage.settle()
    assert stage.count("frames") - before <= 3
    assert [stage.seen(nth=n).cell for n in (0, 49)] == [(5, 5), (5, 5)]
    stage.page.evaluate("document.querySelectorAll('gaze-tracker').forEach((each) => each.remove())")
    stage.wait_for("() => count.textures === 1")


def test_elements_added_and_removed_leave_memory_where_it_was(staged: Staged, site: Site) -> None:
    write_rig(site.folder, complete=True)
    stage = staged()
    stage.open(site.page("", script='type="module" src="/gaze/gaze-tracker.min.js"'))
    session = stage.page.context.new_cdp_session(stage.page)
    measured = []
    for _ in range(10):
        stage.page.evaluate(
            """() => {
              told.length = 0;
              const tag = (n) => `<gaze-tracker src="manifest.json?${n}" width="40" loading="eager"></gaze-tracker>`;
              document.body.innerHTML = Array.from({ length: 50 }, (_, n) => tag(n)).join('');
            }"""
        )
        stage.wait_for("() => told.filter(({ type }) => type === 'gaze-ready').length === 50")
        stage.page.evaluate("document.body.replaceChildren(); told.length = 0")
        stage.wait_for("() => count.textures <= 1")
        session.send("HeapProfiler.collectGarbage")
        counters = session.send("Memory.getDOMCounters")
        heap = session.send("Runtime.getHeapUsage")["usedSize"]
        measured.append((heap, counters["nodes"], counters["jsEventListeners"]))
    (heap, nodes, listeners), last = measured[2], measured[-1]
    assert last[0] < heap + 500_000, measured
    assert (last[1] <= nodes + 50, last[2] <= listeners + 10) == (True, True), measured
