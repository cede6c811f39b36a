"""Gallery items: portraits as lists show them."""

from __future__ import annotations

from gpuworker.contract import LARGE_FRAME, STANDARD_FRAME, Size
from portraits import gallery_items
from portraits.models import Portrait, Session, User
from tests.portraits import factories


def of(portrait: Portrait) -> gallery_items.GalleryItem:
    return gallery_items.gallery_item(gallery_items.with_sessions(Portrait.objects.filter(pk=portrait.pk)).get())


def test_a_ready_portrait_shows_its_poster_and_can_live(portrait: Portrait, session: Session) -> None:
    item = of(portrait)
    assert (item.state, item.under_way) == ("ready", False)
    assert item.poster is not None
    assert item.poster.endswith("poster.webp")
    assert item.manifest == f"/sessions/{session.pk}/manifest.json"


def test_one_in_the_making_lives_from_its_preview_on(rendering: Session) -> None:
    item = of(rendering.portrait)
    assert (item.state, item.label, item.under_way) == ("rendering", "Rendering", True)
    assert item.manifest is not None


def test_one_that_waits_shows_the_crop_of_its_photo(owner: User) -> None:
    portrait = factories.portrait(owner)
    Portrait.objects.update(framing_json={"kind": "auto", "x": 60, "y": -20, "width": 480, "height": 600})
    factories.session(portrait)
    item = of(portrait)
    assert (item.state, item.poster, item.manifest) == ("queued", None, None)
    assert item.view_box == "60 -20 480 600"
    assert item.thumbnail == f"/portraits/{portrait.pk}/thumbnail.webp"


def test_without_a_known_crop_all_of_the_photo_is_shown(owner: User) -> None:
    assert of(factories.portrait(owner)).view_box == "0 0 600 800"


def test_a_later_run_that_shows_nothing_does_not_hide_the_one_that_does(portrait: Portrait, session: Session) -> None:
    factories.session(portrait)
    item = of(portrait)
    assert (item.state, item.manifest) == ("ready", f"/sessions/{session.pk}/manifest.json")


def test_a_frame_is_as_asked_for_or_the_whole_picture_in_its_own_shape(owner: User) -> None:
    portrait = factories.portrait(owner)
    run = factories.session(portrait)
    assert gallery_items.frame(portrait, None) == STANDARD_FRAME
    assert gallery_items.frame(portrait, run) == STANDARD_FRAME
    run.frame_width, run.frame_height = LARGE_FRAME.width, LARGE_FRAME.height
    assert gallery_items.frame(portrait, run) == LARGE_FRAME
    portrait.framing_json = {"kind": "whole"}
    assert gallery_items.frame(portrait, run) == Size(480, 640)


def test_a_person_without_background_is_known_as_one_once_they_are_shown(owner: User) -> None:
    run = factories.session(factories.portrait(owner), remove_background=True)
    assert not of(run.portrait).cut_out  # the photo still has one
    factories.complete(factories.claimed(run), alpha=True)
    assert of(run.portrait).cut_out


def test_a_usual_portrait_has_its_background(portrait: Portrait, session: Session) -> None:
    assert not of(portrait).cut_out
