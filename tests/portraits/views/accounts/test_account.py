"""Account page of a user, and the deletion of the account."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from portraits.files import storage
from portraits.live import publisher
from portraits.models import BrowserSession, Portrait, ShareLink, User
from tests.portraits import factories
from tests.portraits.factories import signed_in


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Whose sockets were told to look again."""
    users: list[int] = []
    monkeypatch.setattr(publisher, "close_sockets_of", users.append)
    return users


def delete_account(client: Client, **fields: str) -> object:
    return client.post("/account/delete/", {f"delete-account-{name}": value for name, value in fields.items()})


def test_the_page_shows_ones_own_address_and_where_one_is_signed_in(as_owner: Client, owner: User) -> None:
    signed_in(owner)
    text = as_owner.get("/account/").content.decode()
    assert owner.email in text
    assert "in 1 other browser." in text
    assert reverse("account_change_password") in text


def test_without_a_password_one_can_be_chosen(as_owner: Client, owner: User) -> None:
    owner.set_unusable_password()
    owner.save()
    text = signed_in(owner).get("/account/").content.decode()
    assert reverse("account_set_password") in text
    assert 'name="delete-account-word"' in text


@pytest.mark.parametrize("address", ["/account/", "/account/delete/", "/account/sign-out/"])
def test_nobody_is_sent_to_sign_in(anonymous: Client, address: str) -> None:
    for answer in (anonymous.get(address), anonymous.post(address)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(("address", "method"), [("/account/", "post"), ("/account/delete/", "get")])
def test_other_methods_are_refused(as_owner: Client, address: str, method: str) -> None:
    assert getattr(as_owner, method)(address).status_code == 405


# --- signing out


def test_signing_out_everywhere_else_keeps_this_browser(
    as_owner: Client,
    owner: User,
    as_stranger: Client,
    told: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    other = signed_in(owner)
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_owner.post("/account/sign-out/")
    assert [str(message) for message in get_messages(answer.wsgi_request)] == ["You are signed out of 1 other browser."]
    assert as_owner.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert as_stranger.get("/account/").status_code == 200
    assert told == [owner.pk]


def test_with_no_other_browser_it_says_so(as_owner: Client) -> None:
    answer = as_owner.post("/account/sign-out/", follow=True)
    assert "You were signed in only here." in answer.content.decode()


# --- deleting


def test_case_30_a_deleted_account_leaves_nothing(
    as_owner: Client,
    owner: User,
    portrait: Portrait,
    told: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    _, token = ShareLink.create_for(portrait)
    elsewhere, owner_id = signed_in(owner), owner.pk
    share = reverse("share", args=[token])
    assert Client().get(share).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_owner.post("/account/delete/", {"delete-account-password": factories.PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert not User.objects.filter(pk=owner_id).exists()
    assert not BrowserSession.objects.filter(user=owner_id).exists()
    assert [client.get("/account/").status_code for client in (as_owner, elsewhere)] == [302, 302]
    assert Client().get(share).status_code == 404
    assert list(storage.keys()) == []
    assert set(told) == {owner_id}


def test_the_deletion_is_confirmed(as_owner: Client) -> None:
    answer = as_owner.post("/account/delete/", {"delete-account-password": factories.PASSWORD})
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "Your account and everything in it are deleted. Farewell!"
    ]


@pytest.mark.parametrize("fields", [{}, {"password": "wrong"}, {"word": "DELETE"}])
def test_without_the_password_nothing_is_deleted(as_owner: Client, owner: User, fields: dict[str, str]) -> None:
    answer = delete_account(as_owner, **fields)
    assert getattr(answer, "status_code", 0) == 400
    assert User.objects.filter(pk=owner.pk).exists()
    assert as_owner.get("/account/").status_code == 200


def test_the_form_stays_open_and_says_what_is_wrong(as_owner: Client) -> None:
    text = as_owner.post("/account/delete/", {"delete-account-password": "wrong"}).content.decode()
    assert "<details open>" in text
    assert "This is not your password." in text


@pytest.mark.parametrize(("word", "gone"), [("DELETE", True), ("delete", False), ("", False)])
def test_whoever_has_no_password_types_a_word(owner: User, word: str, gone: bool) -> None:
    owner.set_unusable_password()
    owner.save()
    delete_account(signed_in(owner), word=word)
    assert User.objects.filter(pk=owner.pk).exists() is not gone


def test_guesses_at_the_password_are_limited(as_owner: Client, owner: User) -> None:
    for _ in range(5):
        delete_account(as_owner, password="wrong")
    assert getattr(delete_account(as_owner, password=factories.PASSWORD), "status_code", 0) == 429
    assert User.objects.filter(pk=owner.pk).exists()


@pytest.mark.parametrize("address", ["/account/delete/", "/account/sign-out/"])
def test_case_31_a_form_of_another_site_does_nothing(owner: User, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    fields = {"delete-account-password": factories.PASSWORD}
    assert client.post(address, fields).status_code == 403
    client.get("/account/")
    own = {**fields, "csrfmiddlewaretoken": client.cookies["csrf"].value}
    assert client.post(address, own, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    plain = '{"delete-account-password": "a long enough password"}'
    assert client.post(address, plain, content_type="text/plain").status_code == 403
    assert User.objects.filter(pk=owner.pk).exists()


def test_case_28_a_form_names_nobody_else(as_stranger: Client, owner: User, stranger: User) -> None:
    as_stranger.post(
        "/account/delete/", {"delete-account-password": factories.PASSWORD, "user": owner.pk, "id": owner.pk}
    )
    assert list(User.objects.all()) == [owner]
