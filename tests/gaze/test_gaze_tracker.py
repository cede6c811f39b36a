from __future__ import annotations

import pytest

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage
from tests.gaze.rig.conftest import write_rig

TRACKER = '<gaze-tracker src="manifest.json" smoothing="1" width="80"></gaze-tracker>'


@pytest.mark.parametrize(
    "script",
    ['type="module" src="/gaze/gaze-tracker.js"', 'src="/gaze/gaze-tracker.js"', 'async src="/gaze/gaze-tracker.js"'],
)
def test_it_works_as_a_module_and_as_a_classic_script(stage: Stage, site: Site, script: str) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(TRACKER, script=script))
    stage.wait_for_level("preview")
    assert stage.look(-1, -1).cell == (0, 0)


@pytest.mark.parametrize("script", ["src", 'type="module" src'])
def test_it_works_from_another_origin(stage: Stage, site: Site, script: str) -> None:
    drawn.write_portrait(site.folder, "preview")
    other = site.url.replace("127.0.0.1", "localhost").rpartition("/")[0]
    stage.open(site.page(TRACKER, script=f'{script}="{other}/gaze/gaze-tracker.js"'))
    stage.wait_for_level("preview")


def test_it_is_three_requests_however_many_modules_it_is_made_of(stage: Stage, site: Site) -> None:
    write_rig(site.folder, "preview")
    stage.open(site.page(TRACKER, script='src="/gaze/gaze-tracker.js"'))
    stage.wait_for_level("rig")
    scripts = ["gaze-tracker.js", "gaze-tracker.min.js", "gaze-tracker-rig.min.js"]
    assert [name for name in stage.requested if name.endswith(".js")] == scripts


def test_included_twice_it_is_defined_once(stage: Stage, site: Site) -> None:
    again = '<script src="/gaze/gaze-tracker.js"></script><script type="module" src="/gaze/gaze-tracker.js?2"></script>'
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(TRACKER + again))
    stage.wait_for_level("preview")


def test_when_its_bundle_cannot_be_loaded_the_page_keeps_its_picture(stage: Stage, site: Site) -> None:
    picture = '<gaze-tracker src="manifest.json"><img src="poster.webp" alt="Ada"></gaze-tracker>'
    stage.page.route("**/gaze-tracker.min.js", lambda route: route.abort())
    with stage.page.expect_console_message(lambda message: "stays a still picture" in message.text):
        stage.open(site.page(picture, script='src="/gaze/gaze-tracker.js"'))
    assert stage.page.get_by_role("img", name="Ada").is_visible()


MESSAGES = """() => {
  const frame = document.createElement('iframe');
  frame.srcdoc = `<script>
    const texts = [{ lookAt: [1, 1] }, { type: 'gaze', x: 1, y: 1 }, { src: '/elsewhere/manifest.json' }];
    for (const text of texts) parent.postMessage(text, '*');
    parent.postMessage('the end', '*');
  </script>`;
  return new Promise((resolve) => {
    addEventListener('message', ({ data }) => data === 'the end' && requestAnimationFrame(() => resolve()));
    document.body.append(frame);
  });
}"""


def test_messages_of_other_windows_are_ignored(stage: Stage, site: Site) -> None:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page(TRACKER, script='src="/gaze/gaze-tracker.js"'))
    stage.wait_for_level("preview")
    before, requested, told = stage.look(-1, -1), len(stage.requested), stage.page.evaluate("told.length")
    stage.page.evaluate(MESSAGES)
    stage.settle()
    assert stage.seen() == before
    assert stage.page.evaluate("told.length") == told
    assert len(stage.requested) == requested
