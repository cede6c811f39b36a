from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage, Staged, box, live, tracker

POSTER_SHOWN = """() => {
  const poster = document.querySelector('gaze-tracker').shadowRoot?.querySelector('img');
  return poster && !poster.hidden && poster.naturalWidth > 0 && getComputedStyle(poster).visibility === 'visible';
}"""


class TestInput:
    def test_the_gaze_follows_the_mouse_over_the_whole_window(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, 'style="position: fixed; left: 360px; top: 250px"')
        assert stage.point(0, 0).cell == (0, 0)
        assert stage.point(799, 0).cell == (0, 19)
        assert stage.point(0, 599).cell == (19, 0)
        assert stage.point(799, 599).cell == (19, 19)

    def test_the_gaze_follows_the_mouse_when_the_page_scrolls_beneath_it(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, 'style="margin: 300px 360px 2000px"')
        before = stage.point(400, 320).row
        stage.page.evaluate("() => { addEventListener('scrollend', () => { window.ended = true; }, { once: true }); }")
        stage.page.mouse.wheel(0, 200)
        stage.wait_for("() => window.ended")  # it goes on for a while: earlier, part of the way would be seen
        stage.settle()
        assert stage.seen().row > before + 3

    def test_a_mouse_that_left_lets_the_gaze_return(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait)
        assert stage.point(799, 599).cell == (19, 19)
        stage.page.evaluate("document.documentElement.dispatchEvent(new PointerEvent('pointerleave'))")
        stage.wait_for(
            """() => {
              const canvas = document.querySelector('gaze-tracker').shadowRoot.querySelector('canvas');
              return canvas.getContext('2d').getImageData(9, 9, 1, 1).data[0] < 100;
            }"""
        )
        stage.settle()
        assert (stage.seen().row, stage.seen().col) == pytest.approx((9.5, 9.5), abs=0.2)

    def test_arrow_keys_move_it_escape_and_blur_let_it_return(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait)
        element = stage.page.locator("gaze-tracker")
        element.hover()  # keys move the gaze from where it is, and an earlier test left the mouse somewhere
        element.focus()
        for key in ["ArrowRight"] * 4 + ["ArrowUp"] * 4:
            stage.page.keyboard.press(key)
        stage.settle()
        assert stage.seen().cell == (0, 19)
        for let_go in (lambda: stage.page.keyboard.press("Escape"), element.blur):
            let_go()
            stage.settle()
            assert stage.seen().row == pytest.approx(9.5, abs=0.2)
            element.focus()
            stage.page.keyboard.press("ArrowUp")

    def test_arrow_keys_do_not_scroll_the_page_and_others_are_left_alone(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait)
        handled = (
            """(element, init) => !element.dispatchEvent(new KeyboardEvent('keydown', { cancelable: true, ...init }))"""
        )
        element = stage.page.locator("gaze-tracker")
        assert element.evaluate(handled, {"key": "ArrowDown"}) is True
        assert element.evaluate(handled, {"key": "ArrowLeft", "altKey": True}) is False
        assert element.evaluate(handled, {"key": "Tab"}) is False

    def test_look_at_holds_the_gaze_until_it_is_given_back(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait)
        assert stage.look(-1, 1).cell == (19, 0)
        assert stage.point(799, 599).cell == (19, 0)
        stage.page.evaluate("document.querySelector('gaze-tracker').lookAt(null)")
        stage.settle()
        assert stage.seen().cell == (19, 19)

    def test_the_default_smoothing_takes_its_time(self, stage: Stage, portrait: Site) -> None:
        stage.open(portrait.page('<gaze-tracker src="manifest.json" width="80"></gaze-tracker>'))
        stage.wait_for_level("mobile")
        assert 9 < stage.point(799, 599).col < 19
        stage.settle()
        assert stage.seen().cell == (19, 19)


class TestTouch:
    PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}  # noqa: RUF012
    SCROLLER = '<meta name="viewport" content="width=device-width">{}<div style="height: 3000px">text</div>'

    def drag(self, page: Page, *points: tuple[int, int]) -> None:
        """One finger, as the browser itself handles it: it may scroll."""
        session = page.context.new_cdp_session(page)
        for kind, (x, y) in zip(["touchStart"] + ["touchMove"] * (len(points) - 1), points, strict=True):
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})

    def open(self, staged: Staged, site: Site, attributes: str = "") -> Stage:
        stage = staged(**self.PHONE)
        stage.open(site.page(self.SCROLLER.format(tracker(attributes))))
        stage.wait_for_level("mobile")
        return stage

    def test_a_finger_beside_the_element_scrolls_and_is_followed(self, staged: Staged, portrait: Site) -> None:
        stage = self.open(staged, portrait, 'style="position: fixed; left: 150px; top: 370px"')
        self.drag(stage.page, (380, 800), (380, 700), (380, 600), (385, 20), (385, 10))
        stage.wait_for("() => scrollY > 100")
        stage.wait_for("() => document.querySelector('gaze-tracker').matches(':state(moved)')")
        stage.settle()
        assert stage.seen().cell == (0, 19)

    def test_one_finger_on_the_element_scrolls_and_is_followed(self, staged: Staged, portrait: Site) -> None:
        stage = self.open(staged, portrait, 'style="position: fixed; left: 150px; top: 370px"')
        self.drag(stage.page, (190, 420), (190, 350), (190, 250), (385, 20), (385, 10))
        stage.wait_for("() => scrollY > 100")
        stage.settle()
        assert stage.seen().cell == (0, 19)

    def test_two_fingers_on_the_element_move_the_gaze_and_nothing_else(self, staged: Staged, portrait: Site) -> None:
        stage = self.open(staged, portrait, 'style="position: fixed; left: 10px; top: 700px"')
        session = stage.page.context.new_cdp_session(stage.page)
        for kind, first, second in [
            ("touchStart", (30, 760), None),
            ("touchStart", (30, 760), (60, 760)),
            ("touchMove", (200, 400), (230, 400)),
            ("touchMove", (370, 5), (389, 5)),
        ]:
            points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(filter(None, (first, second)))]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        stage.settle()
        assert stage.seen().cell == (0, 19)
        assert stage.page.evaluate("[scrollY, visualViewport.scale]") == [0, 1]

    def test_only_a_move_of_two_fingers_is_kept_from_the_browser(self, staged: Staged, portrait: Site) -> None:
        stage = self.open(staged, portrait)
        prevented = """(element, count) => {
          const touches = Array.from({ length: count }, (_, identifier) => new Touch({ identifier, target: element }));
          return !element.dispatchEvent(new TouchEvent('touchmove', { cancelable: true, bubbles: true, touches }));
        }"""
        element = stage.page.locator("gaze-tracker")
        assert [element.evaluate(prevented, count) for count in (1, 2)] == [False, True]

    def test_an_element_that_fills_the_window_lets_the_page_scroll(self, staged: Staged, portrait: Site) -> None:
        stage = self.open(staged, portrait, 'style="width: 100%; height: 100vh"')
        self.drag(stage.page, (200, 700), (200, 600), (200, 400), (200, 200))
        stage.wait_for("() => scrollY > 100")


class TestAccessibility:
    def test_reduced_motion_shows_the_still_picture_and_loads_no_sheet(self, staged: Staged, portrait: Site) -> None:
        stage = staged(reduced_motion="reduce")
        stage.open(portrait.page(tracker()))
        stage.wait_for(POSTER_SHOWN)
        stage.settle()
        assert "q0_20.webp" not in stage.requested
        press = "(element) => element.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', cancelable: true }))"
        assert stage.page.locator("gaze-tracker").evaluate(press) is True
        stage.page.emulate_media(reduced_motion="no-preference")
        stage.wait_for_level("mobile")
        assert stage.look(1, 1).cell == (19, 19)
        stage.page.emulate_media(reduced_motion="reduce")
        stage.wait_for(POSTER_SHOWN)

    def test_reduced_motion_without_a_still_picture_shows_the_middle_frame(
        self, staged: Staged, portrait: Site
    ) -> None:
        stage = staged(reduced_motion="reduce")
        sheets = ",".join(f"q{n}_20.webp" for n in range(4))
        stage.open(portrait.page(f'<gaze-tracker src="{sheets}" grid="20" width="80"></gaze-tracker>'))
        stage.wait_for_level("sheets")
        stage.settle()
        stage.point(799, 599)
        assert stage.seen().row == pytest.approx(9.5, abs=0.2)


class TestStill:
    def test_the_poster_is_there_before_any_sheet(self, stage: Stage, portrait: Site) -> None:
        stage.page.route("**/q*_20.webp", lambda route: None)
        stage.open(portrait.page(tracker()))
        stage.wait_for(POSTER_SHOWN)

    @pytest.mark.parametrize("attributes", ['poster="poster.webp"', 'src="q0,q1,q2,q3" poster="poster.webp"'])
    def test_the_attribute_names_a_poster(self, stage: Stage, portrait: Site, attributes: str) -> None:
        stage.page.route("**/q*", lambda route: None)
        stage.open(portrait.page(f'<gaze-tracker {attributes} width="80"></gaze-tracker>'))
        stage.wait_for(POSTER_SHOWN)

    def test_a_picture_inside_the_tag_is_the_poster(self, stage: Stage, portrait: Site) -> None:
        stage.page.route("**/q*_20.webp", lambda route: None)
        stage.open(portrait.page(tracker(inside='<img src="poster.webp" alt="Ada">')))
        expect(stage.page.locator("gaze-tracker > img")).to_be_visible()
        stage.wait_for("() => document.querySelector('gaze-tracker').shadowRoot?.querySelector('img').hidden")
        same = """(element) => {
          const [inner, outer] = [element.querySelector('img'), element].map((each) => each.getBoundingClientRect());
          return ['x', 'y', 'width', 'height'].every((name) => inner[name] === outer[name]);
        }"""
        assert stage.page.locator("gaze-tracker").evaluate(same)

    def test_the_still_picture_does_not_shine_through_the_living_one(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, inside='<img src="poster.webp" alt="Ada">')
        expect(stage.page.locator("gaze-tracker > img")).to_be_hidden()

    def test_without_webgl_a_plain_canvas_shows_the_nearest_frame_and_the_page_hears_why(
        self, staged: Staged, portrait: Site
    ) -> None:
        stage = staged()
        stage.page.add_init_script(
            """const { getContext } = HTMLCanvasElement.prototype;
            HTMLCanvasElement.prototype.getContext = function (type, ...rest) {
              return type === 'webgl2' ? null : getContext.call(this, type, ...rest);
            };"""
        )
        stage.open(portrait.page(tracker()))
        stage.wait_for_error("webgl")
        stage.wait_for_level("mobile")
        assert stage.look(0.99, -0.99).cell == (0, 19)
        assert stage.look(-1, 1).cell == (19, 0)

    def test_without_any_canvas_the_poster_stays(self, staged: Staged, portrait: Site) -> None:
        stage = staged()
        stage.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
        stage.open(portrait.page(tracker()))
        stage.wait_for_error("webgl")
        stage.wait_for(POSTER_SHOWN)
        assert stage.page.evaluate("document.querySelector('gaze-tracker').ready") is False

    @pytest.mark.parametrize(
        ("attributes", "code"),
        [
            ('src="nothing.json"', "manifest"),
            ('src="javascript:alert(1)"', "source"),
            ('src="a,b"', "source"),
            ('src="a,b,c,d" poster="poster.webp"', "sheet"),
        ],
    )
    def test_what_cannot_be_loaded_is_an_event_and_no_error(
        self, stage: Stage, portrait: Site, attributes: str, code: str
    ) -> None:
        stage.open(portrait.page(f"<gaze-tracker {attributes}></gaze-tracker>"))
        stage.wait_for_error(code)
        assert stage.told("gaze-ready") == []
        assert stage.told("gaze-error")[0]["message"].endswith(".")

    def test_no_attribute_and_no_name_in_a_manifest_is_ever_executed(self, stage: Stage, portrait: Site) -> None:
        evil = "&quot;&gt;<img src=x onerror=window.evil=1><script>window.evil=1</script>"
        level = {**drawn.level("mobile"), "name": "<img src=x onerror=window.evil=1>"}
        portrait.write("manifest.json", json.dumps(drawn.manifest(level, engine="<script>window.evil=1</script>")))
        names = (
            "alt",
            "poster",
            "width",
            "height",
            "grid",
            "mode",
            "smoothing",
            "hide-controls",
            "look-at",
            "at-rest",
            "intensity",
            "follow",
        )
        stage.open(portrait.page(tracker(" ".join(f'{name}="{evil}"' for name in names))))
        stage.wait_for_level(level["name"])
        stage.settle()
        assert stage.page.evaluate("window.evil") is None


class TestLife:
    OTHER = """(element) => {
      told.length = 0;
      for (const [name, value] of Object.entries({ mode: 'single', grid: '20', src: 'other.webp' })) {
        element.setAttribute(name, value);
      }
    }"""
    BACK = """(element) => {
      told.length = 0;
      element.removeAttribute('mode');
      element.src = 'manifest.json';
    }"""
    MOVE = """(element) => {
      told.length = 0;
      const place = document.createElement('p');
      document.body.append(place);
      place.append(element);
    }"""

    def test_another_source_replaces_all_of_the_old_one(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait)
        portrait.write("other.webp", drawn.whole(20, 77))
        element = stage.page.locator("gaze-tracker")
        for _ in range(2):
            element.evaluate(self.OTHER)
            stage.wait_for_level("sheets")
            assert (stage.look(1, -1).cell, stage.seen().blue) == ((0, 19), 77)
            assert stage.count("textures") == 20 + 1
            element.evaluate(self.BACK)
            stage.wait_for_level("mobile")
            assert (stage.look(1, 1).cell, stage.seen().blue) == ((19, 19), drawn.MARKS["mobile"])
            assert stage.count("textures") == 40 + 1
        stage.settle()
        before = stage.count("draws")
        stage.look(0, 0)
        assert stage.count("draws") - before == 2

    def test_moved_within_the_page_it_goes_on_without_loading_again(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait)
        stage.page.locator("gaze-tracker").evaluate(self.MOVE)
        assert stage.look(1, 1).cell == (19, 19)
        assert stage.told("gaze-level") == []

    def test_taken_out_and_put_back_it_comes_alive_again(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait)
        stage.page.evaluate("window.kept = document.querySelector('gaze-tracker'); kept.remove(); told.length = 0")
        stage.wait_for("() => count.textures === 1")
        stage.page.evaluate("document.body.append(kept)")
        stage.wait_for_level("mobile")
        assert stage.look(1, 1).cell == (19, 19)

    def test_an_idle_page_asks_for_no_frame_and_draws_nothing(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait)
        stage.point(700, 500)
        stage.settle()
        before = (stage.count("frames"), stage.count("draws"))
        stage.page.wait_for_timeout(300)
        assert (stage.count("frames"), stage.count("draws")) == before

    def test_off_screen_nothing_is_drawn_and_nothing_loaded(self, stage: Stage, portrait: Site) -> None:
        stage.open(portrait.page(f'<div style="height: 2000px"></div>{tracker()}'))
        stage.wait_for("() => customElements.get('gaze-tracker')")
        stage.settle()
        assert {"manifest.json", "poster.webp", "q0_20.webp"} & {*stage.requested} == set()
        stage.page.evaluate("scrollTo(0, 5000)")
        stage.wait_for_level("mobile")
        stage.page.evaluate("scrollTo(0, 0)")
        stage.settle()
        draws = stage.count("draws")
        stage.page.mouse.move(10, 10)
        stage.page.locator("gaze-tracker").evaluate("(element) => element.lookAt(1, 1)")
        stage.settle()
        assert stage.count("draws") == draws

    def test_a_hidden_page_draws_nothing(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait)
        stage.settle()
        draws = stage.count("draws")
        stage.page.evaluate(
            """Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
            document.querySelector('gaze-tracker').lookAt(1, 1);"""
        )
        stage.settle()
        assert stage.count("draws") == draws
        stage.page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        stage.settle()
        assert stage.seen().cell == (19, 19)

    def test_events_reach_the_page_out_of_other_shadow_roots(self, stage: Stage, portrait: Site) -> None:
        host = """<div id="host"></div><script>
          const tracker = document.createElement('gaze-tracker');
          tracker.setAttribute('src', 'manifest.json');
          document.querySelector('#host').attachShadow({ mode: 'open' }).append(tracker);
        </script>"""
        stage.open(portrait.page(host))
        stage.wait_for_level("mobile")
        assert [each["type"] for each in stage.told("gaze-ready")] == ["gaze-ready"]


class TestOlderBrowsers:
    @pytest.mark.parametrize(
        "lacking",
        [
            "delete HTMLElement.prototype.attachInternals",
            "CustomStateSet.prototype.add = () => { throw new SyntaxError('two dashes') }",
            "delete ShadowRoot.prototype.adoptedStyleSheets",
        ],
        ids=["no internals", "dashed states", "no constructed sheets"],
    )
    def test_what_a_browser_lacks_costs_no_more_than_looks(self, staged: Staged, portrait: Site, lacking: str) -> None:
        stage = staged()
        stage.page.add_init_script(lacking)
        stage.open(portrait.page(tracker()))
        stage.wait_for_level("mobile")
        assert stage.look(1, 1).cell == (19, 19)
        stage.page.locator("gaze-tracker").evaluate("(element) => element.setAttribute('width', '40')")
        assert box(stage.page) == (40, 50)
