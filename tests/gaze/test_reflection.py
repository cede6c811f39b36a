from __future__ import annotations

import pytest

from tests.gaze.conftest import Site, Stage


@pytest.fixture
def page(stage: Stage, site: Site) -> Stage:
    stage.open(site.page('<gaze-tracker idle="off" at-rest="wander"></gaze-tracker>'))
    stage.wait_for("() => customElements.get('gaze-tracker')")
    return stage


def after(page: Stage, script: str) -> object:
    return page.page.evaluate(f"() => {{ const e = document.querySelector('gaze-tracker'); {script} }}")


def test_strings_are_attributes_of_the_same_name(page: Stage) -> None:
    assert after(page, "e.alt = 'Ada'; e.width = 90; return [e.getAttribute('alt'), e.width, e.atRest, e.poster]") == [
        "Ada", "90", "wander", ""
    ]  # fmt: skip
    assert after(page, "e.alt = null; e.atRest = undefined; return [e.hasAttribute('alt'), e.atRest]") == [False, ""]


def test_switches_are_on_unless_they_say_off(page: Stage) -> None:
    assert after(page, "return [e.idle, e.blink, e.tilt]") == [False, True, True]
    assert after(page, "e.idle = true; e.blink = false; return [e.idle, e.outerHTML.includes('blink=\"off\"')]") == [
        True, True
    ]  # fmt: skip
    assert after(page, "e.blink = 'false'; e.setAttribute('idle', 'false'); return [e.idle, e.blink]") == [False, False]


def test_booleans_are_true_by_their_presence(page: Stage) -> None:
    assert after(page, "const before = e.noPoll; e.noPoll = 1; return [before, e.getAttribute('no-poll')]") == [
        False, ""
    ]  # fmt: skip


def test_properties_set_before_the_script_count_and_leave_nothing_behind(stage: Stage, site: Site) -> None:
    site.write(
        "early.js",
        """const element = document.createElement('gaze-tracker');
        Object.assign(element, { idle: false, atRest: 'centre', alt: 'Ada', noPoll: true, gain: { left: 0 }, own: 1 });
        document.body.append(element);""",
    )
    stage.open(site.page('<body><script src="early.js"></script>'))
    stage.wait_for("() => customElements.get('gaze-tracker')")
    told = after(stage, "return [Object.keys(e), e.idle, e.atRest, e.alt, e.noPoll, e.gain.left]")
    assert told == [["own"], False, "centre", "Ada", True, 0]
