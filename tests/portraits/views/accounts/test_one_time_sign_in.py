"""Link that signs one user in, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client

from portraits.accounts import adapter
from portraits.models import User
from tests.portraits import factories


@pytest.fixture
def link(owner: User) -> str:
    return adapter.one_time_path(owner)


def whom(client: Client) -> object:
    """Who is signed in there."""
    return get_user(client)  # type: ignore[arg-type]  # it reads the session only


def test_the_link_signs_its_person_in_and_leads_home(anonymous: Client, owner: User, link: str) -> None:
    answer = anonymous.get(link)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert whom(anonymous) == owner


def test_it_is_spent_afterwards(anonymous: Client, link: str) -> None:
    anonymous.get(link)
    second = Client()
    answer = second.get(link)
    assert answer.status_code == 404
    assert "This link does not work" in answer.content.decode()
    assert not getattr(whom(second), "is_authenticated", True)


def test_of_two_at_the_same_time_one_wins(owner: User, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id, token = link.strip("/").split("/")[1:]
    monkeypatch.setattr(adapter, "user_of_link", lambda *_: User(pk=owner.pk, last_login=None))  # both have read
    assert [adapter.spend_link(user_id, token) is not None for _ in range(2)] == [True, False]


def test_a_link_outlives_a_move_of_the_module(owner: User, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id, token = link.strip("/").split("/")[1:]
    monkeypatch.setattr(adapter._OneTimeLinkTokenGenerator, "key_salt", "portraits.accounts.one_time_link")
    assert adapter.user_of_link(user_id, token) == owner


@pytest.mark.parametrize("method", ["head", "post", "put", "delete", "options"])
def test_only_opening_it_spends_it(anonymous: Client, link: str, method: str) -> None:
    assert getattr(anonymous, method)(link).status_code == 405
    assert anonymous.get(link).status_code == 302


@pytest.mark.parametrize("end", ["x/", "/x/"])
def test_a_changed_link_is_nobodys(anonymous: Client, link: str, end: str) -> None:
    assert anonymous.get(link.rstrip("/") + end).status_code == 404


@pytest.mark.parametrize("user_id", ["MQ", "%00", "////", "🙂", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_garbage_is_a_404(anonymous: Client, user_id: str) -> None:
    assert anonymous.get(f"/sign-in/{user_id}/abc-def/").status_code == 404


def test_somebody_elses_token_does_not_fit(anonymous: Client, owner: User, stranger: User, link: str) -> None:
    token = link.strip("/").split("/")[-1]
    theirs = adapter.one_time_path(stranger).strip("/").split("/")[1]
    assert anonymous.get(f"/sign-in/{theirs}/{token}/").status_code == 404


def test_a_link_to_reset_a_password_is_no_such_link(anonymous: Client, owner: User, link: str) -> None:
    token = PasswordResetTokenGenerator().make_token(owner)
    assert anonymous.get(f"/sign-in/{link.strip('/').split('/')[1]}/{token}/").status_code == 404


def test_an_old_link_is_dead(anonymous: Client, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later = datetime.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT + 60)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    assert anonymous.get(link).status_code == 404


def test_a_new_password_voids_it(anonymous: Client, owner: User, link: str) -> None:
    owner.set_password("another long password")
    owner.save()
    assert anonymous.get(link).status_code == 404


def test_a_banned_person_stays_outside(anonymous: Client, owner: User, link: str) -> None:
    owner.ban()
    assert anonymous.get(link).status_code == 404


def test_case_32_it_leads_nowhere_else(anonymous: Client, link: str) -> None:
    assert anonymous.get(f"{link}?next=https://elsewhere.example/")["Location"] == "/"


def test_guesses_are_limited(anonymous: Client) -> None:
    answers = [anonymous.get(f"/sign-in/MQ/{guess}/").status_code for guess in range(21)]
    assert answers == [404] * 20 + [429]


def test_whoever_is_signed_in_there_stays_so_and_the_link_is_not_spent(
    as_stranger: Client, anonymous: Client, owner: User, stranger: User, link: str
) -> None:
    answer = as_stranger.get(link, follow=True)
    assert "You are signed in as stranger@example.com." in answer.content.decode()
    assert whom(as_stranger) == stranger
    anonymous.get(link)
    assert whom(anonymous) == owner


def test_no_cache_keeps_it(anonymous: Client, link: str) -> None:
    assert "no-store" in anonymous.get(link)["Cache-Control"]


def test_no_link_signs_in_as_a_guest(anonymous: Client, db: None) -> None:
    assert anonymous.get(adapter.one_time_path(factories.guest())).status_code == 404
    assert not getattr(whom(anonymous), "is_authenticated", True)
