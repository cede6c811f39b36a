"""Page of the link in a reset message."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from portraits.models import BrowserSession, User
from tests.portraits.accounts.test_adapter import NEW_PASSWORD, link_in, sign_in, status
from tests.portraits.factories import signed_in


@pytest.fixture
def link(anonymous: Client, owner: User, mailoutbox: list[EmailMessage]) -> str:
    """Link with which the owner chooses another password."""
    anonymous.post("/accounts/password/reset/", {"email": owner.email})
    return link_in(mailoutbox[0])


def test_a_forgotten_password_is_chosen_anew_once(
    anonymous: Client, owner: User, mailoutbox: list[EmailMessage]
) -> None:
    elsewhere = signed_in(owner)
    anonymous.post("/accounts/password/reset/", {"email": owner.email})
    path = link_in(mailoutbox[0])
    assert anonymous.get(path).status_code == 200
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert anonymous.post(path, fields).status_code == 302
    assert status(sign_in(Client(), owner.email, NEW_PASSWORD)) == 302
    assert elsewhere.get("/account/").status_code == 302
    assert "This link does not work" in Client().get(path).content.decode()


def test_the_link_signs_nobody_out_until_the_form_is_sent(as_stranger: Client, link: str) -> None:
    assert "Choose a new password" in as_stranger.get(link).content.decode()
    assert as_stranger.get("/account/").status_code == 200
    as_stranger.post(link, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert as_stranger.get("/account/").status_code == 302


def test_no_key_lies_in_the_database(anonymous: Client, link: str) -> None:
    anonymous.get(link)
    key = link.strip("/").partition("-")[2]
    assert [row for row in BrowserSession.objects.all() if key in str(row.get_decoded())] == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_made_up_link_changes_nothing(anonymous: Client, link: str, owner: User, method: str) -> None:
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    for made_up in (link[:-2] + "/", link.replace("key/", "key/1"), "/accounts/password/reset/key/1-set-password/"):
        assert "This link does not work" in getattr(anonymous, method)(made_up, fields).content.decode()
    assert status(sign_in(anonymous, owner.email)) == 302


def test_guesses_are_limited(anonymous: Client) -> None:
    pages = [anonymous.post(f"/accounts/password/reset/key/1-{guess}-abc/").status_code for guess in range(21)]
    assert pages == [200] * 20 + [429]
