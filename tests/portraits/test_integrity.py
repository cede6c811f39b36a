"""Consistency check, with each inconsistency made on purpose."""

from __future__ import annotations

import pytest

from portraits import integrity
from portraits.files import storage
from portraits.models import Charge, Output, PendingDeletion, Portrait, Render, Session

pytestmark = pytest.mark.spoiled


def found() -> list[str]:
    return sorted(difference.code for difference in integrity.differences())


def test_case_71_nothing_differs_after_a_whole_run(portrait: Portrait, rendering: Session) -> None:
    assert found() == []


def test_a_missing_file_is_found(portrait: Portrait) -> None:
    storage.delete(storage.photo_prefix(portrait.pk))
    assert found() == ["missing", "missing"]


def test_an_altered_file_is_found(portrait: Portrait) -> None:
    output = Output.objects.get()
    storage.put(output.key("q0.webp"), b"something else")
    assert found() == ["altered"]


def test_a_file_without_a_row_is_found(portrait: Portrait) -> None:
    storage.put("photos/nobodys/photo.webp", b"lost")
    assert found() == ["orphan"]


def test_a_script_that_pages_of_other_sites_name_is_none(portrait: Portrait) -> None:
    storage.put(storage.element_key("0" * 32, "gaze-tracker.min.js"), b"older")
    assert found() == []


def test_a_file_that_is_about_to_go_is_none(portrait: Portrait) -> None:
    storage.put("photos/nobodys/photo.webp", b"lost")
    PendingDeletion.create_for("photos/nobodys/")
    assert found() == []


def test_a_charge_that_does_not_fit_its_render_is_found(portrait: Portrait) -> None:
    Charge.objects.update(state=Charge.State.RESERVED)
    assert found() == ["charge"] * 2


def test_a_ready_render_without_an_output_is_found(portrait: Portrait) -> None:
    Output.objects.update(complete=False)
    assert found() == ["missing"] * 2


def test_a_first_pass_whose_files_the_sheets_have_replaced_lacks_nothing(portrait: Portrait) -> None:
    assert list(Render.objects.filter(outputs=None).values_list("kind", "state")) == [("rig", "ready")]
    assert found() == []


def test_a_session_that_shows_somebody_elses_output_is_found(portrait: Portrait, rendering: Session) -> None:
    other = Render.objects.get(session=rendering).outputs.get()
    Session.objects.filter(portrait=portrait).update(shown=other)
    assert found() == ["shown"]
