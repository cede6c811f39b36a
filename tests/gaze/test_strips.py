"""Strips outlast no context; test_shaders.py looks at what they show."""

from tests.gaze.conftest import Js, Site, Stage

DRAW = """async () => {
  const { stripsOf } = await import('/gaze/strips.js');
  const { pageRenderer } = await import('/gaze/renderer.js');
  const renderer = pageRenderer();
  const strips = stripsOf(renderer);
  const extension = count.contexts[0].getExtension('WEBGL_lose_context');
  const after = (type) => new Promise((resolve) => renderer.addEventListener(type, resolve, { once: true }));
  const canvas = Object.assign(document.createElement('canvas'), { width: 4, height: 4 });
  const target = canvas.getContext('2d');
  const seen = [];
  for (const colour of [90, 180]) {
    const strip = strips.createStrip(4, 4, 1);
    const pixels = Uint8ClampedArray.from({ length: 64 }, (_, i) => (i % 4 === 3 ? 255 : colour));
    const frame = new ImageData(pixels, 4, 4);
    strips.fillLayer(strip, 0, await createImageBitmap(frame));
    strips.draw(target, { x: 0, y: 0, width: 4, height: 4 }, [{ strip, layer: 0, weight: 1 }], true);
    seen.push(target.getImageData(1, 1, 1, 1).data[0]);
    if (colour === 180) break;
    const lost = after('lost');
    extension.loseContext();
    await lost;
    const restored = after('restored');
    setTimeout(() => extension.restoreContext());
    await restored;
  }
  return seen;
}"""


def test_a_page_has_one_renderer_of_strips(js: Js) -> None:
    same = """async ({ stripsOf }) => {
      const { pageRenderer } = await import('/gaze/renderer.js');
      return stripsOf(pageRenderer()) === stripsOf(pageRenderer());
    }"""
    assert js("strips.js", same) is True


def test_frames_are_drawn_before_and_after_a_lost_context(stage: Stage, site: Site) -> None:
    stage.open(site.page(""))
    assert stage.page.evaluate(DRAW) == [90, 180]
