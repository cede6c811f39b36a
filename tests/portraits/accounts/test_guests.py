"""Guests: how a browser gets one, and how a person with an account keeps what it has made."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from gpuworker.errors import WorkerDied
from portraits import deletion, moderation
from portraits.accounts import guests
from portraits.accounts.session_store import SessionStore
from portraits.models import BrowserSession, Portrait, Render, Upload, User
from portraits.models.browser import GUEST_KEY
from portraits.rendering import dispatch
from portraits.uploads import lifecycle
from portraits.uploads.validation import UploadRefused
from tests.portraits import factories, photos

LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"


def sign_in(client: Client, email: str, password: str = factories.PASSWORD) -> int:
    return int(client.post(LOGIN, {"login": email, "password": password}).status_code)


def sign_up(client: Client, email: str, password: str = factories.PASSWORD) -> int:
    return int(client.post(SIGNUP, {"email": email, "password1": password, "password2": password}).status_code)


# --- becoming one


def test_a_first_photo_makes_a_guest_whom_the_browsers_session_names(anonymous: Client) -> None:
    answer = anonymous.post("/upload/", {"consent": "on", "photo": photos.upload(photos.astronaut())})
    upload = Upload.objects.get()
    assert answer["Location"] == f"/uploads/{upload.pk}/"
    assert upload.owner.is_guest
    assert not upload.owner.has_usable_password()
    assert BrowserSession.objects.get().user == upload.owner
    assert anonymous.get(answer["Location"]).status_code == 200
    again = anonymous.post("/upload/", {"consent": "on", "photo": photos.upload(photos.astronaut())})
    assert again.status_code == 302
    assert User.objects.count() == 1


def test_a_refused_photo_leaves_no_guest_and_no_session(anonymous: Client) -> None:
    answer = anonymous.post("/upload/", {"consent": "on", "photo": photos.upload(photos.wall())})
    assert answer.status_code == 422
    assert (User.objects.count(), BrowserSession.objects.count()) == (0, 0)


def test_a_guest_gets_a_session_key_that_nobody_has_planted(guest: User) -> None:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session["colour"] = "tan"
    request.session.save()
    planted = str(request.session.session_key)
    guests.remember(request, guest)
    assert request.session.session_key != planted
    assert not SessionStore().exists(planted)
    assert guests.current(request.session) == guest


def test_the_switch_turns_guests_off(anonymous: Client, settings: Settings) -> None:
    settings.GUESTS = False
    for method in ("get", "post"):
        answer = getattr(anonymous, method)("/upload/")
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/upload/")
    page = anonymous.get("/").content.decode()
    assert 'id="upload-dialog"' not in page
    assert "No account needed" not in page
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert guests.uploader(request) is None


@pytest.mark.parametrize("page", [LOGIN, SIGNUP, "/accounts/confirm-email/"])
def test_the_ways_to_an_account_say_that_they_keep_what_is_there(
    as_guest: Client, anonymous: Client, page: str
) -> None:
    assert "without an account is kept" in as_guest.get(page).content.decode()
    assert "without an account is kept" not in anonymous.get(page).content.decode()


@pytest.mark.parametrize("why", ["over", "banned", "deleted", "another key"])
def test_a_browser_whose_guest_is_gone_has_none(
    guest: User, as_guest: Client, guests_portrait: Portrait, why: str
) -> None:
    assert as_guest.get(guests_portrait.get_absolute_url()).status_code == 200
    match why:
        case "over":
            User.objects.update(guest_until=timezone.now())
        case "banned":
            guest.ban()
        case "deleted":
            deletion.delete_user(guest)
        case "another key":
            as_guest.cookies[settings.SESSION_COOKIE_NAME] = "0" * 32
    sign_in_page = as_guest.get(f"/portraits/{guests_portrait.pk}/")["Location"]
    assert "without an account is kept" not in as_guest.get(LOGIN).content.decode()
    assert sign_in_page == f"{LOGIN}?next=/portraits/{guests_portrait.pk}/"
    assert "deleted after 24 hours" in as_guest.get(sign_in_page).content.decode()
    assert "deleted after 24 hours" not in as_guest.get(f"{LOGIN}?next=/portraits/").content.decode()
    assert guests.current(as_guest.session) is None


def test_a_person_with_an_account_is_no_guest_by_a_key_in_the_session(owner: User, as_guest: Client) -> None:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session[GUEST_KEY] = owner.pk
    assert guests.current(request.session) is None


def test_nobody_signs_in_as_a_guest_or_resets_a_guests_password(guest: User, anonymous: Client) -> None:
    assert sign_in(anonymous, guest.email, "") == 200
    assert sign_in(anonymous, guest.email, guest.password) == 200
    assert guests.current(anonymous.session) is None


# --- keeping


def test_signing_in_keeps_what_the_browser_has_made(
    as_guest: Client, guest: User, guests_portrait: Portrait, owner: User
) -> None:
    waiting = factories.upload(guest)
    assert sign_in(as_guest, owner.email) == 302
    guests_portrait.refresh_from_db()
    waiting.refresh_from_db()
    assert (guests_portrait.owner, guests_portrait.expires_at, waiting.owner) == (owner, None, owner)
    assert not User.objects.filter(pk=guest.pk).exists()
    assert [row.user for row in BrowserSession.objects.all()] == [owner]
    page = as_guest.get(guests_portrait.get_absolute_url()).content.decode()
    assert "“Eileen” is kept: it belongs to your account now." in page
    assert 'id="share"' in page
    assert as_guest.get(f"/uploads/{waiting.pk}/").status_code == 200


def test_signing_up_and_then_in_keeps_it(as_guest: Client, guests_portrait: Portrait) -> None:
    assert sign_up(as_guest, "new@example.com") == 302
    guests_portrait.refresh_from_db()
    assert guests_portrait.owner.is_guest
    assert sign_in(as_guest, "new@example.com") == 302
    guests_portrait.refresh_from_db()
    assert (guests_portrait.owner.email, guests_portrait.owner.is_guest) == ("new@example.com", False)


def test_signing_up_with_an_address_that_has_an_account_gives_nothing_away(
    as_guest: Client, guest: User, guests_portrait: Portrait, owner: User
) -> None:
    assert sign_up(as_guest, owner.email, "quite another password") == 302
    assert sign_in(as_guest, owner.email, "quite another password") == 200
    guests_portrait.refresh_from_db()
    assert guests_portrait.owner == guest
    assert as_guest.get(guests_portrait.get_absolute_url()).status_code == 200


def test_a_portrait_that_is_hidden_stays_hidden(
    as_guest: Client, guests_portrait: Portrait, owner: User, moderator: User
) -> None:
    moderation.hide(moderator, guests_portrait, "Shown without consent.")
    assert sign_in(as_guest, owner.email) == 302
    guests_portrait.refresh_from_db()
    assert (guests_portrait.owner, guests_portrait.hidden) == (owner, True)


@pytest.mark.parametrize("state", ["ready", "failed"])
def test_a_kept_portrait_catches_up_on_what_a_guest_does_not_get(
    as_guest: Client, guests_portrait: Portrait, owner: User, settings: Settings, state: str
) -> None:
    settings.GPU_SOURCE, settings.SHEETS = "url", "always"
    session = dispatch.start(guests_portrait)
    output = factories.claimed(session)
    if state == "ready":
        factories.complete(output)
    else:
        output.render.fail(output.attempt, WorkerDied())
    assert [render.kind for render in session.renders.all()] == ["rig"]
    assert sign_in(as_guest, owner.email) == 302
    kinds = {render.kind for render in Render.objects.filter(session=session)}
    assert kinds == ({"rig", "sheets", "refinement"} if state == "ready" else {"rig"})


@pytest.mark.parametrize("why", ["over", "banned"])
def test_a_guest_who_has_ended_keeps_nothing(
    as_guest: Client, guest: User, guests_portrait: Portrait, owner: User, why: str
) -> None:
    fields = {"guest_until": timezone.now()} if why == "over" else {"is_active": False}
    User.objects.filter(pk=guest.pk).update(**fields)
    assert sign_in(as_guest, owner.email) == 302
    guests_portrait.refresh_from_db()
    assert guests_portrait.owner == guest
    assert as_guest.get(guests_portrait.get_absolute_url()).status_code == 404


def test_another_window_that_still_sends_a_photo_as_the_guest_is_told_to_send_it_again(
    as_guest: Client, guest: User, owner: User
) -> None:
    before = User.objects.get(pk=guest.pk)
    assert sign_in(as_guest, owner.email) == 302
    with pytest.raises(UploadRefused, match="owner_gone") as refused:
        lifecycle.create_upload(before, io.BytesIO(photos.astronaut()), consent=True)
    assert refused.value.status == 409
    assert not Upload.objects.exists()


def test_another_window_that_still_chooses_a_face_finds_the_account(as_guest: Client, guest: User, owner: User) -> None:
    waiting = factories.upload(guest)
    assert sign_in(as_guest, owner.email) == 302
    as_guest.post(f"/uploads/{waiting.pk}/", {"face": "0"})
    portrait = Portrait.objects.get()
    assert (portrait.owner, portrait.expires_at) == (owner, None)


# --- what a guest makes


def test_a_guests_portrait_ends_after_a_day_whatever_the_form_says_and_the_guest_not_before(
    as_guest: Client, guest: User
) -> None:
    User.objects.update(guest_until=timezone.now() + timedelta(hours=1))
    upload = factories.upload(guest)
    assert "Delete it by itself" not in as_guest.get(f"/uploads/{upload.pk}/").content.decode()
    answer = as_guest.post(f"/uploads/{upload.pk}/", {"face": "0", "kept": "90"})
    portrait = Portrait.objects.get()
    assert answer["Location"] == portrait.get_absolute_url()
    assert portrait.expires_at is not None
    assert timedelta(hours=23) < portrait.expires_at - timezone.now() <= timedelta(hours=24)
    guest.refresh_from_db()
    assert guest.guest_until == portrait.expires_at


def test_a_guests_page_says_until_when_it_lives_and_offers_to_keep_it_and_no_links(
    as_guest: Client, guests_portrait: Portrait
) -> None:
    factories.complete(factories.claimed(factories.session(guests_portrait)))
    page = as_guest.get(guests_portrait.get_absolute_url()).content.decode()
    assert guests_portrait.expires_at is not None
    assert f'until <time datetime="{guests_portrait.expires_at.isoformat(timespec="seconds")}"' in page
    assert 'href="/keep/"' in page
    for offered in ("/shares/", "portrait.zip", "/sheets/", "My portraits", "/account/"):
        assert offered not in page
    home = as_guest.get("/").content.decode()
    assert "Eileen" in home
    assert "Only this browser shows it, for 24 hours." in home
    assert 'href="/portraits/"' not in home


def test_a_guest_deletes_a_portrait_at_once_and_comes_home(as_guest: Client, guests_portrait: Portrait) -> None:
    answer = as_guest.post(f"{guests_portrait.get_absolute_url()}delete/")
    assert answer["Location"] == "/"
    assert not Portrait.objects.exists()
