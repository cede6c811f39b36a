from __future__ import annotations

import json
import pickle

import pytest

from gpuworker import errors
from gpuworker.errors import BY_CODE, BadRequest, Cancelled, NoFace, RenderError, SeveralFaces, from_code

ALL = sorted(BY_CODE.values(), key=lambda error: error.exit_code)

EXIT_CODES = {
    "render_failed": 1,
    "bad_request": 2,
    "unreadable_photo": 10,
    "photo_too_large": 11,
    "photo_too_heavy": 12,
    "no_face": 20,
    "several_faces": 21,
    "face_too_small": 22,
    "face_cut": 23,
    "face_turned": 24,
    "face_unclear": 25,
    "eyes_closed": 26,
    "output_failed": 30,
    "worker_died": 31,
    "busy": 32,
    "superseded": 33,
    "worker_lost": 34,
    "wrong_answer": 35,
    "other_protocol": 36,
    "access_denied": 37,
    "no_capacity": 38,
    "budget_spent": 39,
    "rental_refused": 40,
    "gpu_out_of_memory": 41,
    "wrong_weights": 42,
    "self_check_failed": 43,
    "cancelled": 130,
}
"""Part of the interface: scripts branch on these. A new error adds a line; no line ever changes."""

TRY_AGAIN = {
    "render_failed",
    "output_failed",
    "worker_died",
    "busy",
    "worker_lost",
    "wrong_answer",
    "no_capacity",
    "budget_spent",
    "gpu_out_of_memory",
    "wrong_weights",
    "self_check_failed",
    "cancelled",
}


def test_codes_and_exit_codes_are_what_scripts_rely_on() -> None:
    assert {code: error.exit_code for code, error in BY_CODE.items()} == EXIT_CODES


def test_no_two_errors_share_a_code_or_an_exit_code() -> None:
    assert len({error.code for error in errors._classes(RenderError)}) == len(errors._classes(RenderError))
    assert len({error.exit_code for error in ALL}) == len(ALL)


def test_no_error_ends_like_success_or_like_a_signal_other_than_ctrl_c() -> None:
    assert all(0 < error.exit_code < 126 for error in ALL if error is not Cancelled)
    assert Cancelled.exit_code == 128 + 2


def test_what_depends_on_the_photo_the_options_or_the_set_up_is_permanent() -> None:
    assert {error.code for error in ALL if not error.permanent} == TRY_AGAIN


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.code)
def test_an_error_says_a_complete_sentence(error: type[RenderError]) -> None:
    sentence = str(error())
    assert sentence == error().sentence
    assert sentence[0].isupper()
    assert sentence.endswith(".")


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.code)
def test_an_error_has_a_sentence_of_its_own(error: type[RenderError]) -> None:
    assert [other for other in ALL if other.sentence_default == error.sentence_default] == [error]


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.code)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_the_way_from_a_rendering_process(error: type[RenderError], protocol: int) -> None:
    sent = error("A sentence for this photo.", details={"faces": [{"x": 1.5}], "width": 40})
    arrived = pickle.loads(pickle.dumps(sent, protocol))
    assert type(arrived) is error
    assert arrived.sentence == str(arrived) == "A sentence for this photo."
    assert arrived.details == sent.details
    assert arrived.code == error.code


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.code)
def test_a_code_becomes_its_class_again(error: type[RenderError]) -> None:
    assert type(from_code(error.code)) is error
    assert from_code(error.code).sentence == error.sentence_default
    assert from_code(error.code, "Said elsewhere.", {"width": 40}).details == {"width": 40}


def test_an_unknown_code_becomes_the_root_with_its_sentence() -> None:
    error = from_code("from_a_newer_worker", "The newer worker's sentence.")
    assert type(error) is RenderError
    assert error.sentence == "The newer worker's sentence."


def test_details_belong_to_one_error_alone() -> None:
    given = {"width": 40}
    error = NoFace(details=given)
    error.details["width"] = 50
    assert given == {"width": 40}
    assert NoFace().details == {}


def test_details_go_to_json() -> None:
    error = SeveralFaces(details={"faces": [{"x": 1, "y": 2, "width": 3, "height": 4}]})
    assert json.loads(json.dumps(error.details)) == error.details


def test_one_except_catches_them_all() -> None:
    for error in ALL:
        with pytest.raises(RenderError):
            raise error
    assert not issubclass(BadRequest, ValueError)
