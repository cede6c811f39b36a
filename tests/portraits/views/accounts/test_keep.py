"""Page on which a guest keeps their portraits."""

from __future__ import annotations

from django.test import Client

from portraits.accounts import adapter
from portraits.models import Portrait, User
from tests.portraits import factories


def test_it_says_why_and_has_both_ways_on_one_page(as_guest: Client, guests_portrait: Portrait) -> None:
    page = as_guest.get("/keep/").content.decode()
    assert "shown by this browser alone, until" in page
    assert 'action="/accounts/signup/"' in page
    assert 'action="/accounts/login/"' in page
    assert page.count(f'name="next" value="{guests_portrait.get_absolute_url()}"') == 2


def test_after_several_it_leads_to_the_gallery(as_guest: Client, guest: User, guests_portrait: Portrait) -> None:
    factories.portrait(guest, "Another")
    page = as_guest.get("/keep/").content.decode()
    assert "Keep these portraits" in page
    assert page.count('name="next" value="/portraits/"') == 2


def test_without_a_guest_it_leads_to_what_there_is(anonymous: Client, as_owner: Client) -> None:
    assert anonymous.get("/keep/")["Location"] == "/accounts/signup/"
    assert as_owner.get("/keep/")["Location"] == "/portraits/"


def test_a_link_that_signs_in_takes_nothing_before_a_button_says_so(
    as_guest: Client, guest: User, guests_portrait: Portrait, stranger: User
) -> None:
    """Somebody may send their own link, to get at the portrait."""
    assert as_guest.get(adapter.one_time_path(stranger))["Location"] == "/keep/"
    guests_portrait.refresh_from_db()
    assert guests_portrait.owner == guest
    page = as_guest.get("/keep/").content.decode()
    assert "You are signed in as stranger@example.com." in page
    assert as_guest.post("/keep/")["Location"] == "/portraits/"
    guests_portrait.refresh_from_db()
    assert guests_portrait.owner == stranger


def test_a_guests_post_keeps_nothing(as_guest: Client, guest: User, guests_portrait: Portrait) -> None:
    assert as_guest.post("/keep/").status_code == 200
    guests_portrait.refresh_from_db()
    assert guests_portrait.owner == guest
