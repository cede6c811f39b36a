"""Admin of sessions: their state, their errors, and the actions cancel and retry."""

from __future__ import annotations

import pytest
from django.test import Client

from gpuworker.errors import NoFace
from portraits.models import Render, Session, User
from tests.portraits import factories
from tests.portraits.admin.test_actions import confirmed, said

LIST = "/admin/portraits/session/"


@pytest.fixture
def failed(owner: User) -> Session:
    output = factories.claimed(factories.session(factories.portrait(owner)))
    output.render.fail(output.attempt, NoFace())
    return Session.objects.get()


def test_the_list_shows_state_attempts_and_error(as_operator: Client, failed: Session) -> None:
    text = as_operator.get(LIST).content.decode()
    assert '<td class="field-state">Failed</td>' in text
    assert '<td class="field-attempts">1 of 3</td>' in text
    assert '<td class="field-error">no_face</td>' in text


def test_the_page_has_the_renders_and_the_log(as_operator: Client, rendering: Session) -> None:
    text = as_operator.get(f"{LIST}{rendering.pk}/change/").content.decode()
    assert "<td>Rendering</td>" in text
    assert "<td>Reserved</td>" in text
    assert "s  Alive" in text


def test_the_page_of_a_failure_has_its_sentence(as_operator: Client, failed: Session) -> None:
    assert str(NoFace().sentence) in as_operator.get(f"{LIST}{failed.pk}/change/").content.decode()


def test_what_a_log_says_is_text(as_operator: Client, rendering: Session) -> None:
    Render.objects.update(log=[{"t": 1.0, "text": "<script>alert(1)</script>"}])
    assert "<script>alert" not in as_operator.get(f"{LIST}{rendering.pk}/change/").content.decode()


@pytest.mark.parametrize("who", ["moderator", "operator"])
def test_both_groups_cancel_and_try_again(
    as_moderator: Client, as_operator: Client, rendering: Session, who: str
) -> None:
    client = {"moderator": as_moderator, "operator": as_operator}[who]
    assert said(confirmed(client, "cancel", rendering, where=LIST)) == ["Cancel: done for 1 of 1."]
    assert Render.objects.get().state == Render.State.CANCELLED
    confirmed(client, "retry", rendering, where=LIST)
    assert Render.objects.get().state == Render.State.QUEUED


def test_the_page_offers_what_fits(as_operator: Client, rendering: Session) -> None:
    page = f"{LIST}{rendering.pk}/change/"
    text = as_operator.get(page).content.decode()
    assert 'value="cancel"' in text
    assert 'value="retry"' not in text


def test_failed_ones_are_found_by_the_filter(as_operator: Client, failed: Session, rendering: Session) -> None:
    text = as_operator.get(f"{LIST}?renders__state__exact=failed").content.decode()
    assert str(failed.pk) in text
    assert str(rendering.pk) not in text


def test_a_long_list_takes_few_queries(as_operator: Client, owner: User, django_assert_max_num_queries: object) -> None:
    for _ in range(8):
        factories.session(factories.portrait(owner))
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        as_operator.get(LIST)
