from __future__ import annotations

from tests.gaze.conftest import Js


def test_a_failure_has_a_code_for_programs_and_a_sentence_for_people(js: Js) -> None:
    read = """({ GazeFailure }) => {
      const failure = new GazeFailure('sheet', 'Gone.');
      return [failure instanceof Error, failure.code, failure.message];
    }"""
    assert js("failure.js", read) == [True, "sheet", "Gone."]


def test_a_failure_is_final_unless_it_says_otherwise(js: Js) -> None:
    read = """({ GazeFailure }) => {
      const { temporary, retryAfter } = new GazeFailure('sheet', 'Gone.');
      return [temporary, retryAfter];
    }"""
    assert js("failure.js", read) == [False, 0]
