"""Portraits: who sees them, their framing, and moderation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from gpuworker.contract import Box, Framing
from portraits.models import Portrait
from tests.portraits import factories

pytestmark = pytest.mark.django_db


def test_a_portrait_is_its_owners_alone() -> None:
    ada, eve = factories.user("ada"), factories.user("eve")
    portrait = factories.portrait(ada)
    assert list(Portrait.objects.visible_to(ada)) == [portrait]
    assert not Portrait.objects.visible_to(eve).exists()


def test_an_expired_portrait_is_gone_even_for_its_owner() -> None:
    portrait = factories.portrait(factories.user("ada"))
    Portrait.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not Portrait.objects.visible_to(portrait.owner).exists()
    assert list(Portrait.objects.expired()) == [portrait]


def test_a_hidden_portrait_is_not_shown_until_it_is_restored() -> None:
    portrait = factories.portrait(factories.user("ada"))
    assert (portrait.hide("no consent"), portrait.hide("again"), portrait.hidden) == (True, False, True)
    assert portrait.moderation_reason == "no consent"
    assert not Portrait.objects.shown().exists()
    assert (portrait.restore(), portrait.restore(), portrait.hidden) == (True, False, False)
    assert list(Portrait.objects.shown()) == [portrait]


def test_nothing_of_a_banned_owner_is_shown() -> None:
    factories.portrait(factories.user("ada")).owner.ban()
    assert not Portrait.objects.shown().exists()


@pytest.mark.parametrize(
    ("stored", "framing"),
    [
        ({}, "auto"),
        ({"kind": "whole"}, "whole"),
        ({"kind": "crop", "x": 1, "y": 2, "width": 3, "height": 4}, Box(1.0, 2.0, 3.0, 4.0)),
    ],
)
def test_framing_is_in_the_form_that_a_render_wants(stored: dict[str, object], framing: Framing) -> None:
    assert Portrait(framing_json=stored).framing == framing


def test_a_portrait_without_a_title_is_called_after_its_day() -> None:
    portrait = factories.portrait(factories.user("ada"))
    portrait.rename("")
    assert str(portrait).startswith("Portrait of ")
