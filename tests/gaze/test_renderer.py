from __future__ import annotations

from tests.gaze.conftest import Js, Site, Stage, Staged

LOSE = """async () => {
  const { pageRenderer } = await import('/gaze/renderer.js');
  const { stripsOf } = await import('/gaze/strips.js');
  const renderer = pageRenderer();
  const heard = [];
  for (const type of ['lost', 'restored']) renderer.addEventListener(type, () => heard.push(type));
  const extension = count.contexts[0].getExtension('WEBGL_lose_context');
  const after = (type) => new Promise((resolve) => renderer.addEventListener(type, resolve, { once: true }));
  const uploading = renderer.drained(renderer.epoch, () => after('restored')).catch(({ code }) => code);
  extension.loseContext();
  await after('lost');
  let making;
  try { stripsOf(renderer).createStrip(4, 4, 4); } catch (error) { making = error.code; }
  setTimeout(() => extension.restoreContext());
  const code = await uploading;
  const strip = stripsOf(renderer).createStrip(4, 4, 4);
  return { heard, code, making, epoch: renderer.epoch, bytes: strip.bytes };
}"""


def test_a_page_has_one_renderer(js: Js) -> None:
    assert js("renderer.js", "({ pageRenderer }) => pageRenderer() === pageRenderer()") is True


def test_every_device_offers_a_row_of_frames(js: Js) -> None:
    limits = js("renderer.js", "({ pageRenderer }) => pageRenderer().limits")
    assert limits["maxLayers"] >= 256
    assert limits["maxSize"] >= 2048


def test_a_strip_that_does_not_fit_is_a_failure_once_it_is_waited_for(js: Js) -> None:
    wait = """async ({ pageRenderer }) => {
      const { stripsOf } = await import('/gaze/strips.js');
      const renderer = pageRenderer();
      const codes = [];
      const rest = () => new Promise((resolve) => setTimeout(resolve));
      for (const layers of [1 << 20, 1]) {
        stripsOf(renderer).createStrip(8, 8, layers);
        await renderer.drained(renderer.epoch, rest).then(() => codes.push(null), ({ code }) => codes.push(code));
      }
      return codes;
    }"""
    assert js("renderer.js", wait) == ["memory", None]


QUESTIONS = """async () => {
  const asked = [];
  const { prototype } = WebGL2RenderingContext;
  for (const name of ['getProgramParameter', 'getActiveUniform', 'getUniformLocation', 'getError', 'finish']) {
    const method = prototype[name];
    prototype[name] = function (...values) { asked.push(name); return method.apply(this, values); };
  }
  const { pageRenderer } = await import('/gaze/renderer.js');
  const { stripsOf } = await import('/gaze/strips.js');
  const renderer = pageRenderer();
  const strip = stripsOf(renderer).createStrip(4, 4, 1);
  stripsOf(renderer).fillLayer(strip, 0, await createImageBitmap(new ImageData(4, 4)));
  const before = [...asked];
  await renderer.drained(renderer.epoch, () => new Promise((resolve) => setTimeout(resolve)));
  return [before, asked.length > 0];
}"""


def test_nothing_is_asked_of_a_card_that_is_still_at_work(stage: Stage, site: Site) -> None:
    stage.open(site.page(""))
    assert stage.page.evaluate(QUESTIONS) == [[], True]


def test_uploads_are_waited_for_without_blocking(js: Js) -> None:
    wait = """async ({ pageRenderer }) => {
      const { stripsOf } = await import('/gaze/strips.js');
      const renderer = pageRenderer();
      let pauses = 0;
      const strip = stripsOf(renderer).createStrip(4, 4, 1);
      stripsOf(renderer).fillLayer(strip, 0, await createImageBitmap(new ImageData(4, 4)));
      await renderer.drained(renderer.epoch, () => new Promise((resolve) => { pauses += 1; setTimeout(resolve); }));
      stripsOf(renderer).deleteStrip(strip);
      return pauses;
    }"""
    assert js("renderer.js", wait) >= 1


def test_a_lost_context_ends_uploads_and_a_restored_one_starts_anew(stage: Stage, site: Site) -> None:
    stage.open(site.page(""))
    assert stage.page.evaluate(LOSE) == {
        "heard": ["lost", "restored"],
        "code": "context-lost",
        "making": "context-lost",
        "epoch": 1,
        "bytes": 256,
    }


def test_without_webgl_there_is_a_failure_and_no_renderer(staged: Staged, site: Site) -> None:
    stage = staged()
    stage.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    stage.open(site.page(""))
    code = stage.page.evaluate("import('/gaze/renderer.js').then((m) => m.pageRenderer()).catch(({ code }) => code)")
    assert code == "webgl"
