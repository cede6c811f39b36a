"""Page of the link in a confirmation message, also when the link is spent."""

from __future__ import annotations

import time

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from portraits.models import User
from tests.portraits import factories
from tests.portraits.accounts.test_adapter import link_in


@pytest.fixture
def confirmation(as_owner: Client, owner: User, mailoutbox: list[EmailMessage]) -> str:
    """The link with which the owner confirms other@example.com."""
    page = as_owner.post("/accounts/email/", {"email": "other@example.com", "action_add": ""})["Location"]
    as_owner.post(page, {"password": factories.PASSWORD, "next": "/accounts/email/"})
    return link_in(mailoutbox[0])


def test_confirming_twice_says_that_it_is_done(as_owner: Client, anonymous: Client, confirmation: str) -> None:
    answer = as_owner.post(confirmation, follow=True)
    assert "other@example.com is confirmed." in answer.content.decode()
    for client in (as_owner, anonymous):
        for answer in (client.get(confirmation), client.post(confirmation)):
            text = answer.content.decode()
            assert answer.status_code == 200
            assert "other@example.com has been confirmed. There is nothing more to do." in text
            assert "does not work" not in text


def test_a_link_that_is_too_old_says_what_to_do(
    as_owner: Client, anonymous: Client, confirmation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.time() + 4 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    for answer in (anonymous.get(confirmation), anonymous.post(confirmation)):
        text = answer.content.decode()
        assert "It is too old to confirm other@example.com." in text
        assert "Sign in, and we send a new link" in text


def test_a_link_for_an_address_that_was_replaced_says_so(
    as_owner: Client, owner: User, anonymous: Client, confirmation: str
) -> None:
    as_owner.post("/accounts/email/", {"email": "other@example.com", "action_remove": ""})
    assert "The account has another address by now" in anonymous.get(confirmation).content.decode()
    owner.delete()
    assert "or it has been deleted" in anonymous.get(confirmation).content.decode()


def test_half_a_link_is_no_link(anonymous: Client, confirmation: str) -> None:
    text = anonymous.get(confirmation[:-3] + "/").content.decode()
    assert "It is not complete." in text
    assert "other@example.com" not in text


def test_a_link_to_confirm_an_address_signs_nobody_out(as_stranger: Client, confirmation: str) -> None:
    assert "Is other@example.com yours?" in as_stranger.get(confirmation).content.decode()
    assert as_stranger.get("/account/").status_code == 200
