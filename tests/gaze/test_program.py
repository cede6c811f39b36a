from __future__ import annotations

from tests.gaze import drawn
from tests.gaze.conftest import Js, Site, Staged

FRAGMENT = "`#version 300 es\nprecision mediump float; uniform sampler2D picture; uniform vec4 tint; out vec4 colour;"
MAKE = f"""({{ Program }}) => {{
  const gl = document.createElement('canvas').getContext('webgl2');
  const body = 'void main() {{ colour = tint * texelFetch(picture, ivec2(0), 0); }}';
  const program = new Program(gl, {FRAGMENT}` + body, {{ picture: 3 }});
  program.use();
  const used = gl.getParameter(gl.CURRENT_PROGRAM);
  return [Object.keys(program.at).sort(), gl.getUniform(used, program.at.picture), gl.getError()];
}}"""

REFUSE = """
const { compileShader } = WebGL2RenderingContext.prototype;
WebGL2RenderingContext.prototype.compileShader = function (shader) {
  this.shaderSource(shader, 'not a shader');
  compileShader.call(this, shader);
};
"""
"""Whatever the source is."""


def test_a_program_knows_its_uniforms_and_the_units_of_its_samplers(js: Js) -> None:
    assert js("program.js", MAKE) == [["picture", "tint"], 3, 0]


def test_shaders_that_the_card_refuses_are_a_failure_once_uploads_are_waited_for(staged: Staged, site: Site) -> None:
    stage = staged()
    stage.page.add_init_script(REFUSE)
    stage.open(site.page(""))
    refused = """async () => {
      const { pageRenderer } = await import('/gaze/renderer.js');
      const { stripsOf } = await import('/gaze/strips.js');
      const rest = () => new Promise((resolve) => setTimeout(resolve));
      stripsOf(pageRenderer()).createStrip(4, 4, 1);
      return pageRenderer().drained(0, rest).catch(({ code }) => code);
    }"""
    assert stage.page.evaluate(refused) == "webgl"


def test_where_the_card_refuses_the_shaders_a_plain_canvas_serves_and_the_page_hears_it_once(
    staged: Staged, site: Site
) -> None:
    stage = staged()
    drawn.write_portrait(site.folder, "preview", "mobile", "full")
    stage.page.add_init_script(REFUSE)
    stage.open(site.page('<gaze-tracker src="manifest.json" width="80"></gaze-tracker>'))
    stage.wait_for_error("webgl")
    stage.wait_for_level("full")
    assert [each["code"] for each in stage.told("gaze-error")] == ["webgl"]
    assert len(stage.told("gaze-ready")) == 1
