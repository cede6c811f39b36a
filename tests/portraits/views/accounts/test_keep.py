"""Page on which a guest keeps their portraits."""

from __future__ import annotations

import pytest
from django.test import Client

from portraits.accounts import adapter
from portraits.models import Portrait, User
from tests.portraits import factories


@pytest.fixture
def guest(db: None) -> User:
    return factories.guest()


@pytest.fixture
def browser(guest: User) -> Client:
    return factories.browser_of(guest)


@pytest.fixture
def made(guest: User) -> Portrait:
    return factories.portrait(guest)


def test_it_says_why_and_has_both_ways_on_one_page(browser: Client, made: Portrait) -> None:
    page = browser.get("/keep/").content.decode()
    assert "shown by this browser alone, until" in page
    assert 'action="/accounts/signup/"' in page
    assert 'action="/accounts/login/"' in page
    assert page.count(f'name="next" value="{made.get_absolute_url()}"') == 2


def test_after_several_it_leads_to_the_gallery(browser: Client, guest: User, made: Portrait) -> None:
    factories.portrait(guest, "Another")
    page = browser.get("/keep/").content.decode()
    assert "Keep these portraits" in page
    assert page.count('name="next" value="/portraits/"') == 2


def test_without_a_guest_it_leads_to_what_there_is(anonymous: Client, as_owner: Client) -> None:
    assert anonymous.get("/keep/")["Location"] == "/accounts/signup/"
    assert as_owner.get("/keep/")["Location"] == "/portraits/"


def test_a_link_that_signs_in_takes_nothing_before_a_button_says_so(
    browser: Client, guest: User, made: Portrait, stranger: User
) -> None:
    """Somebody may send their own link, to get at the portrait."""
    assert browser.get(adapter.one_time_path(stranger))["Location"] == "/keep/"
    made.refresh_from_db()
    assert made.owner == guest
    page = browser.get("/keep/").content.decode()
    assert "You are signed in as stranger@example.com." in page
    assert browser.post("/keep/")["Location"] == "/portraits/"
    made.refresh_from_db()
    assert made.owner == stranger


def test_a_guests_post_keeps_nothing(browser: Client, guest: User, made: Portrait) -> None:
    assert browser.post("/keep/").status_code == 200
    made.refresh_from_db()
    assert made.owner == guest
