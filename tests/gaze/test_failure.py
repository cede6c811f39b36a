from __future__ import annotations

from tests.gaze.conftest import Js


def test_a_failure_has_a_code_for_programs_and_a_sentence_for_people(js: Js) -> None:
    read = "({ GazeFailure }) => { const f = new GazeFailure('sheet', 'Gone.'); return [f instanceof Error, f.code, f.message]; }"
    assert js("failure.js", read) == [True, "sheet", "Gone."]
