"""Admin of reports: their order, filters and the action that closes them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portraits.models import Portrait, Report, User
from tests.portraits.admin.test_actions import confirmed

LIST = "/admin/portraits/report/"


@pytest.fixture
def queue(portrait: Portrait) -> list[Report]:
    """Oldest first; the one in the middle is closed."""
    now = timezone.now()
    return [
        Report.objects.create(
            portrait=portrait,
            reason=Report.Reason.CONSENT,
            text=f"number {number}",
            created_at=now - timedelta(hours=5 - number),
            closed_at=now if number == 1 else None,
        )
        for number in range(3)
    ]


def order(text: str) -> list[str]:
    return re.findall(r"number \d", text)


def test_whoever_has_waited_longest_comes_first_and_closed_ones_last(as_moderator: Client, queue: list[Report]) -> None:
    assert order(as_moderator.get(LIST).content.decode()) == ["number 0", "number 2", "number 1"]


@pytest.mark.parametrize(("state", "found"), [("open", ["number 0", "number 2"]), ("closed", ["number 1"])])
def test_the_filter(as_moderator: Client, queue: list[Report], state: str, found: list[str]) -> None:
    assert order(as_moderator.get(f"{LIST}?state={state}").content.decode()) == found


def test_closing_one_names_who_did_it(as_moderator: Client, moderator: User, queue: list[Report]) -> None:
    confirmed(as_moderator, "close", queue[0], where=LIST)
    assert Report.objects.get(pk=queue[0].pk).closed_by == moderator
    assert order(as_moderator.get(f"{LIST}?state=open").content.decode()) == ["number 2"]


def test_an_operator_reads_and_does_not_close(as_operator: Client, queue: list[Report]) -> None:
    assert as_operator.get(LIST).status_code == 200
    confirmed(as_operator, "close", queue[0], where=LIST)
    assert Report.objects.get(pk=queue[0].pk).closed_at is None


def test_the_page_leads_to_the_portrait_and_its_owner(as_moderator: Client, queue: list[Report]) -> None:
    portrait = queue[0].portrait
    text = as_moderator.get(f"{LIST}{queue[0].pk}/change/").content.decode()
    assert f"/admin/portraits/portrait/{portrait.pk}/change/" in text
    assert f"/admin/portraits/user/{portrait.owner_id}/change/" in text


def test_what_somebody_wrote_is_text(as_moderator: Client, portrait: Portrait) -> None:
    Report.objects.create(portrait=portrait, reason=Report.Reason.OTHER, text="<script>alert(1)</script>" * 9)
    assert "<script>alert" not in as_moderator.get(LIST).content.decode()
