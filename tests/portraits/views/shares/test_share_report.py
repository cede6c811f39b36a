"""Report by a visitor about a shared portrait."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portraits.http.throttle import REPORTS
from portraits.models import Portrait, Report, ShareLink

SAID = {"reason": "consent", "text": "That is me, and nobody asked.", "email": "me@example.com"}


@pytest.fixture
def address(portrait: Portrait) -> str:
    return reverse("share-report", args=[ShareLink.create_for(portrait)[1]])


def test_the_form_asks_for_a_reason_and_offers_each(anonymous: Client, address: str) -> None:
    text = anonymous.get(address).content.decode()
    for value, label in Report.Reason.choices:
        assert f'value="{value}"' in text
        assert label.replace("'", "&#x27;") in text


def test_a_report_is_kept_and_thanked_for(anonymous: Client, portrait: Portrait, address: str) -> None:
    answer = anonymous.post(address, SAID)
    assert answer.status_code == 302
    report = Report.objects.get()
    assert (report.portrait, report.reason, report.text, report.email) == (portrait, *SAID.values())
    assert report.closed_at is None
    text = anonymous.get(answer["Location"]).content.decode()
    assert "Thank you" in text
    assert "<form" not in text


def test_text_and_address_may_be_left_out(anonymous: Client, address: str) -> None:
    assert anonymous.post(address, {"reason": "abuse"}).status_code == 302
    assert Report.objects.get().reason == "abuse"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "Please choose what is wrong with it."),
        ({"reason": "boring"}, "Select a valid choice."),
        ({"reason": "abuse", "email": "nowhere"}, "Enter a valid email address."),
        ({"reason": "abuse", "text": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    anonymous: Client, address: str, said: dict[str, str], sentence: str
) -> None:
    answer = anonymous.post(address, said)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Report.objects.exists()


def test_case_28_fields_that_the_form_does_not_name_are_not_looked_at(anonymous: Client, address: str) -> None:
    anonymous.post(address, {**SAID, "closed_at": "2020-01-01", "portrait": "", "closed_by": "1"})
    assert Report.objects.get().closed_at is None


def test_one_address_sends_a_few_and_then_waits(anonymous: Client, address: str) -> None:
    for _ in range(REPORTS.limit):
        assert anonymous.post(address, SAID).status_code == 302
    answer = anonymous.post(address, SAID)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) <= REPORTS.seconds
    assert Report.objects.count() == REPORTS.limit
    assert anonymous.post(address, SAID, REMOTE_ADDR="198.51.100.7").status_code == 302
    assert anonymous.get(address).status_code == 200


def test_a_form_with_mistakes_is_not_counted(anonymous: Client, address: str) -> None:
    for _ in range(2 * REPORTS.limit):
        anonymous.post(address, {})
    assert anonymous.post(address, SAID).status_code == 302


def test_case_31_a_form_of_another_site_reports_nothing(address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(address, SAID).status_code == 403
    assert not Report.objects.exists()


def test_case_27_the_form_works_although_it_tells_no_address(address: str, settings: Settings) -> None:
    """With no-referrer, browsers would send `Origin: null`, and Django would refuse it."""
    client = Client(enforce_csrf_checks=True)
    page = client.get(address)
    assert page["Referrer-Policy"] == "strict-origin"
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    assert token
    said = {**SAID, "csrfmiddlewaretoken": token[1]}
    assert client.post(address, said, headers={"Origin": "null"}).status_code == 403
    origin = {"Origin": settings.SITE_URL, "Referer": f"{settings.SITE_URL}/"}
    assert client.post(address, said, headers=origin).status_code == 302


@pytest.mark.parametrize("method", ["put", "delete", "options"])
def test_other_methods_are_refused(anonymous: Client, address: str, method: str) -> None:
    assert getattr(anonymous, method)(address).status_code == 405
