from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.gaze import drawn
from tests.gaze.conftest import Site, Stage, Staged
from tests.gaze.rig.conftest import changed, look_aside, write_rig

pytestmark = pytest.mark.slow  # a gaze is watched while time goes by

MIDDLE = 'style="position: fixed; left: 360px; top: 250px"'
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def tracker(attributes: str = "") -> str:
    return f'<gaze-tracker src="manifest.json" smoothing="1" width="80" {attributes}></gaze-tracker>'


@pytest.fixture
def portrait(site: Site) -> Site:
    drawn.write_portrait(site.folder, "mobile")
    return site


def live(stage: Stage, site: Site, body: str) -> None:
    stage.open(site.page(body))
    stage.wait_for_level("mobile")


class TestTargets:
    BALL = '<div id="ball" style="position: fixed; left: 0; top: 0; width: 10px; height: 10px"></div>'

    def test_it_looks_at_an_element_of_the_page_wherever_that_moves(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, self.BALL + tracker(f'look-at="#ball" {MIDDLE}'))
        stage.point(799, 599)
        assert stage.seen().cell == (0, 0)
        move = "document.getElementById('ball').style.translate = '790px 590px'"
        stage.page.evaluate(move)
        stage.wait_for(
            "() => document.querySelector('gaze-tracker').shadowRoot.querySelector('canvas').getContext('2d')"
            ".getImageData(40, 50, 1, 1).data[0] > 145"
        )
        assert stage.seen().cell == (19, 19)
        stage.page.evaluate("document.getElementById('ball').remove()")
        assert stage.point(0, 599).cell == (19, 0)

    def test_a_selector_that_is_none_is_told_and_leaves_the_pointer_in_charge(
        self, stage: Stage, portrait: Site
    ) -> None:
        live(stage, portrait, tracker(f'look-at="#" {MIDDLE}'))
        assert [each["code"] for each in stage.told("gaze-error")] == ["selector"]
        assert stage.point(0, 0).cell == (0, 0)

    def test_a_script_may_hand_it_the_element(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, self.BALL + tracker(MIDDLE))
        stage.page.evaluate("document.querySelector('gaze-tracker').lookAt(document.getElementById('ball'))")
        assert stage.point(799, 599).cell == (0, 0)
        stage.page.evaluate("document.querySelector('gaze-tracker').lookAt(null)")
        assert stage.point(790, 590).cell == (19, 19)

    def test_in_a_shadow_tree_it_finds_its_neighbours(self, stage: Stage, portrait: Site) -> None:
        body = f"""<div id="host" style="position: fixed; left: 0; top: 0">
          <template shadowrootmode="open">{self.BALL}{tracker(f'look-at="#ball" {MIDDLE}')}</template></div>"""
        live(stage, portrait, body)
        stage.point(799, 599)
        assert stage.seen().cell == (0, 0)

    def test_it_may_follow_over_its_own_box_only(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, tracker(f'follow="element" {MIDDLE}'))
        assert stage.point(439, 349).cell == (19, 19)
        assert stage.point(361, 349).cell == (19, 0)
        assert stage.point(20, 20).row == pytest.approx(9.5, abs=0.2)

    def test_intensity_scales_what_it_does(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, tracker(f'intensity="0.5" {MIDDLE}'))
        assert stage.point(799, 599).col == pytest.approx(14.25, abs=0.3)
        stage.page.evaluate("document.querySelector('gaze-tracker').intensity = 0")
        assert stage.point(0, 0).row == pytest.approx(9.5, abs=0.2)

    @pytest.mark.parametrize(
        ("transform", "cell"),
        [
            ("scaleX(-1)", (19, 0)),
            ("rotate(180deg)", (0, 0)),
            ("rotate(90deg)", (0, 19)),
            ("scale(0.5)", (19, 19)),
            ("perspective(300px) rotateY(40deg)", (19, 19)),
        ],
    )
    def test_one_that_is_turned_or_mirrored_looks_at_the_pointer(
        self, stage: Stage, portrait: Site, transform: str, cell: tuple[int, int]
    ) -> None:
        live(stage, portrait, tracker(f'style="position: fixed; left: 360px; top: 250px; transform: {transform}"'))
        assert stage.point(799, 599).cell == cell


class TestPlaces:
    def test_in_a_dialog_and_behind_one_it_follows(self, stage: Stage, portrait: Site) -> None:
        dialog = f"<dialog>{tracker()}</dialog>"
        live(stage, portrait, tracker('style="position: fixed; left: 10px; top: 10px"') + dialog)
        stage.page.evaluate("document.querySelector('dialog').showModal()")
        stage.wait_for("() => told.filter(({ type }) => type === 'gaze-ready').length === 2")
        stage.point(790, 590)
        stage.settle()
        assert [stage.seen(nth=n).cell for n in (0, 1)] == [(19, 19), (19, 19)]

    def test_a_pointer_that_went_into_a_frame_is_looked_at_there(self, stage: Stage, portrait: Site) -> None:
        frame = '<iframe srcdoc="frame" style="position: fixed; left: 600px; top: 400px; border: 0"></iframe>'
        live(stage, portrait, tracker('style="position: fixed; left: 10px; top: 10px"') + frame)
        stage.point(20, 20)
        stage.point(790, 540)
        stage.settle()
        assert stage.seen().cell == (19, 19)

    def test_in_a_frame_it_follows_and_returns_when_the_pointer_leaves_that(self, stage: Stage, portrait: Site) -> None:
        portrait.page(tracker('style="position: fixed; left: 60px; top: 25px"'), name="frame.html")
        portrait.write("around.html", '<!doctype html><iframe src="frame.html" width=200 height=150></iframe>')
        stage.open(f"{portrait.url}/around.html")
        frame = stage.page.frames[1]
        element = frame.locator("gaze-tracker:state(live)")
        expect(element).to_have_count(1)
        pixel = """(element) => {
          const canvas = element.shadowRoot.querySelector('canvas');
          return [...canvas.getContext('2d').getImageData(40, 50, 1, 1).data];
        }"""
        stage.page.mouse.move(206, 156)
        frame.wait_for_function(f"() => ({pixel})(document.querySelector('gaze-tracker'))[0] > 135")
        stage.page.mouse.move(600, 500)
        frame.wait_for_function(f"() => ({pixel})(document.querySelector('gaze-tracker'))[0] < 100")

    def test_moved_as_a_whole_it_goes_on(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, tracker() + "<p></p>")
        requested = len(stage.requested)
        stage.page.evaluate(
            """() => {
              const [element, place] = ['gaze-tracker', 'p'].map((name) => document.querySelector(name));
              if (place.moveBefore) place.moveBefore(element, null);
              else place.append(element);
            }"""
        )
        assert stage.look(1, 1).cell == (19, 19)
        assert len(stage.requested) == requested


class TestTilt:
    BODY = '<meta name="viewport" content="width=device-width">' + tracker()
    ASKING = """if (window.DeviceOrientationEvent) DeviceOrientationEvent.requestPermission = async () => {
      window.asked = (window.asked ?? 0) + 1;
      return 'granted';
    };
    addEventListener('deviceorientation', (event) => event.stopImmediatePropagation());"""
    """As on iOS, which tells nothing until the visitor has been asked."""

    def test_a_tilted_phone_is_followed(self, staged: Staged, portrait: Site) -> None:
        stage = staged(**PHONE)
        live(stage, portrait, self.BODY)
        session = stage.page.context.new_cdp_session(stage.page)
        stage.page.evaluate("addEventListener('deviceorientation', () => { window.sensed = true; })")
        session.send("DeviceOrientation.setDeviceOrientationOverride", {"alpha": 0, "beta": 50, "gamma": 0})
        stage.wait_for("() => window.sensed")
        session.send("DeviceOrientation.setDeviceOrientationOverride", {"alpha": 0, "beta": 10, "gamma": 0})
        stage.wait_for(
            "() => document.querySelector('gaze-tracker').shadowRoot.querySelector('canvas').getContext('2d')"
            ".getImageData(40, 50, 1, 1).data[1] > 145"
        )
        assert stage.page.get_by_role("button").count() == 0

    def test_where_the_visitor_has_to_be_asked_a_button_does_and_goes(self, staged: Staged, portrait: Site) -> None:
        stage = staged(**PHONE)
        stage.page.add_init_script(self.ASKING)
        live(stage, portrait, self.BODY + tracker())
        button = stage.page.get_by_role("button", name="Follow my phone")
        expect(button).to_have_count(2)
        assert stage.page.evaluate("window.asked") is None
        button.first.tap()
        expect(button).to_have_count(0)
        assert stage.page.evaluate("window.asked") == 1

    def test_a_page_may_do_without(self, staged: Staged, portrait: Site) -> None:
        stage = staged(**PHONE)
        stage.page.add_init_script(self.ASKING)
        live(stage, portrait, tracker() + tracker('tilt="off"'))
        expect(stage.page.get_by_role("button")).to_have_count(1)


class TestReducedMotion:
    def test_a_button_lets_it_move_anyway_and_hold_still_again(self, staged: Staged, portrait: Site) -> None:
        stage = staged(reduced_motion="reduce")
        stage.open(portrait.page(tracker(MIDDLE)))
        button = stage.page.get_by_role("button", name="Move anyway")
        expect(button).to_be_visible()
        assert "q0_20.webp" not in stage.requested
        for _ in range(2):
            stage.page.keyboard.press("Tab")
        expect(button).to_be_focused()
        stage.page.keyboard.press("Enter")
        stage.wait_for_level("mobile")
        assert stage.point(799, 599).cell == (19, 19)
        stage.page.get_by_role("button", name="Hold still").click()
        expect(stage.page.locator("gaze-tracker:state(live)")).to_have_count(0)
        expect(button).to_be_visible()

    def test_without_that_wish_there_is_no_button(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, tracker())
        expect(stage.page.get_by_role("button")).to_have_count(0)


class TestGain:
    def test_each_eye_may_have_its_own(self, stage: Stage, portrait: Site) -> None:
        live(stage, portrait, tracker())
        gain = stage.page.evaluate(
            """() => {
              const element = document.querySelector('gaze-tracker');
              element.gain = { left: -0.5 };
              return element.gain;
            }"""
        )
        assert gain == {"left": -0.5, "right": 1}

    @pytest.mark.parametrize("gain", ["{ left: 2 }", "{ right: 'x' }", "null"])
    def test_one_that_is_none_is_a_mistake_of_the_caller(self, stage: Stage, portrait: Site, gain: str) -> None:
        stage.open(portrait.page(tracker()))
        error = stage.page.evaluate(
            f"""customElements.whenDefined('gaze-tracker').then(() => {{
              try {{
                document.querySelector('gaze-tracker').gain = {gain};
              }} catch ({{ name }}) {{
                return name;
              }}
            }})"""
        )
        assert error == "TypeError"


class TestLife:
    """With a rig: sheets have neither lids nor any direction."""

    MOVES = """() => {
      const canvas = document.querySelector('gaze-tracker').shadowRoot.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const picture = data.join();
      window.first ??= picture;
      return picture !== first;
    }"""

    def test_at_rest_it_stirs_without_a_frame_for_each_picture(self, stage: Stage, site: Site) -> None:
        write_rig(site.folder)
        stage.open(site.page(tracker('at-rest="centre" blink="off"')))
        stage.wait_for_level("rig")
        stage.wait_for(self.MOVES)
        stage.wait_for("() => count.draws > 20")
        assert stage.count("frames") < stage.count("draws") + 40

    def test_at_rest_it_looks_as_the_photo_does_where_the_page_wants_that(self, stage: Stage, site: Site) -> None:
        write_rig(site.folder, rig=changed(look_aside))
        stage.open(site.page(tracker('at-rest="centre" idle="off"')))
        stage.wait_for_level("rig")
        assert not stage.page.evaluate(self.MOVES)
        stage.page.evaluate("document.querySelector('gaze-tracker').atRest = 'photo'")
        stage.wait_for(self.MOVES)
        stage.page.evaluate("document.querySelector('gaze-tracker').lookAt(0, 0)")
        stage.wait_for(f"() => !({self.MOVES})()")

    @pytest.mark.parametrize("options", [{}, {"reduced_motion": "reduce"}])
    def test_switched_off_it_draws_nothing_by_itself(self, staged: Staged, site: Site, options: dict[str, Any]) -> None:
        write_rig(site.folder)
        stage = staged(**options)
        stage.open(site.page(tracker("" if options else 'idle="off"')))
        stage.wait_for("() => document.querySelector('gaze-tracker').shadowRoot?.querySelector('img').naturalWidth")
        if not options:
            stage.wait_for_level("rig")
        stage.settle()
        before = stage.count("draws")
        stage.page.wait_for_timeout(300)
        assert stage.count("draws") == before
