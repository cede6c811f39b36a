"""Sessions: the request for a worker, and the advice about the face that is shown."""

from __future__ import annotations

import pytest

from portraits.models import Output, Portrait, Session, User
from tests.portraits import factories

CUT = "The background was removed with the simple segmentation."
SMALL = "The face is small."


@pytest.fixture
def waiting(owner: User) -> Session:
    return factories.session(factories.portrait(owner), remove_background=True)


@pytest.mark.parametrize("wanted", [True, False])
def test_every_pass_is_asked_for_the_same_background(owner: User, wanted: bool) -> None:
    run = factories.session(factories.portrait(owner), remove_background=wanted)
    requests = [run.request(b"photo", engine) for engine in ("warp", "liveportrait")]
    assert [request.remove_background for request in requests] == [wanted, wanted]


def test_a_background_stays_unless_its_removal_was_asked_for(owner: User) -> None:
    assert not Session.objects.create(portrait=factories.portrait(owner)).remove_background


@pytest.mark.parametrize("alpha", [True, False])
def test_what_is_shown_says_whether_there_is_a_background(waiting: Session, alpha: bool) -> None:
    assert waiting.cut_out
    factories.store_level(factories.claimed(waiting), ["preview"], alpha=alpha)
    assert Session.objects.get().cut_out == alpha


def test_an_output_without_manifest_is_not_transparent(waiting: Session) -> None:
    assert not factories.claimed(waiting).alpha


def test_advice_is_that_on_the_shown_face_and_else_that_on_the_photo(waiting: Session) -> None:
    Portrait.objects.update(advice=[SMALL])
    assert Session.objects.get().advice == [SMALL]
    output = factories.claimed(waiting)
    factories.store_level(output, ["preview"])
    assert Session.objects.get().advice == [SMALL]
    assert output.record({}, None, [CUT])
    assert Session.objects.get().advice == [CUT]


def test_further_advice_is_added_and_none_is_lost(waiting: Session) -> None:
    output = factories.claimed(waiting)
    for advice in ([SMALL], [], [CUT]):
        assert output.record({}, None, advice)
    assert Output.objects.get().advice == [SMALL, CUT]
