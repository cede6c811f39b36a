"""Sign-up, sign-in and sign-out by allauth's pages, with the site's own rules."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from portraits.accounts.forms import SignupForm
from portraits.live import publisher
from portraits.models import BrowserSession, User
from tests.portraits import factories
from tests.portraits.factories import signed_in

LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"
NEW_PASSWORD = "another long password"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Whose sockets were told to look again, and in how many browsers they were still signed in then."""
    users: list[tuple[int, int]] = []

    def note(user_id: int) -> None:
        users.append((user_id, BrowserSession.objects.filter(user=user_id).count()))

    monkeypatch.setattr(publisher, "close_sockets_of", note)
    return users


def sign_in(client: Client, email: str, password: str = factories.PASSWORD, **more: str) -> object:
    return client.post(LOGIN, {"login": email, "password": password, **more.pop("fields", {})}, **more)  # type: ignore[arg-type, attr-defined]


def status(answer: object) -> int:
    return int(getattr(answer, "status_code", 0))


def link_in(mail: EmailMessage) -> str:
    """The path of the only link in a message; the site's own name goes before it."""
    found = re.findall(r"https?://\S+", str(mail.body))
    assert len(found) == 1
    assert found[0].startswith(settings.SITE_URL + "/")
    return str(found[0]).removeprefix(settings.SITE_URL)


# --- signing up


def fields_for(email: str) -> dict[str, str]:
    return {"email": email, "password1": factories.PASSWORD, "password2": factories.PASSWORD}


def test_signing_up_leads_to_signing_in_where_no_mail_is_sent(
    anonymous: Client, mailoutbox: list[EmailMessage]
) -> None:
    answer = anonymous.post(SIGNUP, {**fields_for("New@Example.com"), "next": "/upload/"})
    assert (answer.status_code, answer["Location"]) == (302, f"{LOGIN}?next=%2Fupload%2F")
    assert User.objects.get().email == "new@example.com"
    assert "You can sign in now." in anonymous.get(answer["Location"]).content.decode()
    assert status(sign_in(anonymous, "new@example.com")) == 302
    assert anonymous.get("/account/").status_code == 200
    assert mailoutbox == []


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each password that was hashed: what takes nearly all of a request's time."""
    made: list[str] = []
    encode = MD5PasswordHasher.encode

    def noted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        made.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noted)
    return made


def seen(answer: HttpResponse, email: str) -> tuple[object, ...]:
    """Everything that a stranger learns from an answer, but for what is different each time."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode()).replace(email.lower(), "")
    headers = {name: value for name, value in answer.items() if name not in ("Content-Length", "Expires")}
    return answer.status_code, headers, sorted(answer.cookies), text


@pytest.mark.parametrize("verification", ["none", "mandatory"])
def test_signing_up_tells_nobody_who_has_an_account(
    owner: User, settings: Settings, verification: str, hashed: list[str], mailoutbox: list[EmailMessage]
) -> None:
    """Same page, same status, as many passwords hashed, as many messages sent."""
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    told = []
    for email in ("new@example.com", owner.email, owner.email.upper()):
        stranger, before, mails = Client(), len(hashed), len(mailoutbox)
        answer = stranger.post(SIGNUP, fields_for(email))
        follow = stranger.get(answer["Location"])
        told.append((seen(answer, email), seen(follow, email), len(hashed) - before, len(mailoutbox) - mails))
        cache.clear()
    assert told[0] == told[1] == told[2]
    assert User.objects.count() == 2
    owner.refresh_from_db()
    assert owner.check_password(factories.PASSWORD)


def test_of_two_who_sign_up_at_once_the_second_learns_nothing(
    anonymous: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SignupForm, "validate_unique_email", lambda self, value: value)  # both have looked
    assert anonymous.post(SIGNUP, fields_for(owner.email))["Location"] == LOGIN
    assert list(User.objects.all()) == [owner]


def test_an_address_that_somebody_wants_to_change_to_is_not_taken(anonymous: Client, owner: User) -> None:
    EmailAddress.objects.create(user=owner, email="new@example.com")
    anonymous.post(SIGNUP, fields_for("new@example.com"))
    assert User.objects.filter(email="new@example.com").exists()


def test_case_25_signing_in_takes_as_long_for_whoever_it_is(
    owner: User, stranger: User, hashed: list[str], anonymous: Client
) -> None:
    """Unknown, known, banned, without a password: as many hashes, the same answer."""
    stranger.ban()
    passwordless = factories.user("passwordless")
    passwordless.set_unusable_password()
    passwordless.save()
    told = []
    for email in ("nobody@example.com", owner.email, stranger.email, passwordless.email):
        before = len(hashed)
        answer = anonymous.post(LOGIN, {"login": email, "password": "wrong"})
        told.append((seen(answer, email), len(hashed) - before))
    assert told == [told[0]] * 4


@pytest.mark.parametrize("verification", ["none", "mandatory"])
def test_resetting_a_password_tells_nobody_who_has_an_account(
    owner: User, stranger: User, settings: Settings, verification: str, mailoutbox: list[EmailMessage]
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    stranger.ban()
    emails = ("who@example.com", owner.email, stranger.email)
    told = [seen(Client().post("/accounts/password/reset/", {"email": email}), email) for email in emails]
    assert told == [told[0]] * 3
    assert [mail.to for mail in mailoutbox] == [[email] for email in emails]


def test_changing_ones_address_tells_nobody_who_has_an_account(
    as_owner: Client, stranger: User, mailoutbox: list[EmailMessage]
) -> None:
    page = as_owner.post("/accounts/email/", {"email": "zero@example.com", "action_add": ""})["Location"]
    as_owner.post(page, {"password": factories.PASSWORD, "next": "/accounts/email/"}, follow=True)
    told = []
    for email in ("who@example.com", stranger.email):
        answer = as_owner.post("/accounts/email/", {"email": email, "action_add": ""})
        told.append((seen(answer, email), seen(as_owner.get("/accounts/email/"), email)))
    assert told[0] == told[1]
    assert [mail.to for mail in mailoutbox][1:] == [["who@example.com"], [stranger.email]]


def test_where_mail_is_sent_the_address_is_proved_first(
    anonymous: Client, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    fields = {"email": "new@example.com", "password1": factories.PASSWORD, "password2": factories.PASSWORD}
    assert anonymous.post(SIGNUP, fields)["Location"] == reverse("account_email_verification_sent")
    assert anonymous.get("/account/").status_code == 302
    page = link_in(mailoutbox[0])
    assert "Is new@example.com yours?" in anonymous.get(page).content.decode()
    anonymous.post(page)
    assert status(sign_in(Client(), "new@example.com")) == 302


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password2": "something else"}, "same password"),
        ({"password1": "short", "password2": "short"}, "at least 8 characters"),
        ({"email": "not an address"}, "valid email address"),
    ],
)
def test_what_is_wrong_is_said(anonymous: Client, owner: User, fields: dict[str, str], sentence: str) -> None:
    whole = {"email": "new@example.com", "password1": factories.PASSWORD, "password2": factories.PASSWORD, **fields}
    answer = anonymous.post(SIGNUP, whole)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert list(User.objects.all()) == [owner]


def test_case_28_nobody_signs_up_as_staff(anonymous: Client) -> None:
    fields = {"email": "new@example.com", "password1": factories.PASSWORD, "password2": factories.PASSWORD}
    anonymous.post(SIGNUP, {**fields, "is_staff": "on", "is_superuser": "on", "groups": "1", "id": "7"})
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.groups.count()) == (False, False, 0)


# --- signing in


def test_the_address_may_be_typed_in_capitals(anonymous: Client, owner: User) -> None:
    assert status(sign_in(anonymous, "Owner@Example.COM")) == 302
    assert anonymous.get("/account/").status_code == 200


def test_a_wrong_password_and_an_unknown_address_read_the_same(anonymous: Client, owner: User) -> None:
    pages = [sign_in(anonymous, owner.email, "wrong"), sign_in(anonymous, "nobody@example.com", "wrong")]
    sentences = [
        re.findall(r"<p class=\"notice error\".*?</p>", getattr(page, "content", b"").decode()) for page in pages
    ]
    assert len(sentences[0]) == 1
    assert sentences[0] == sentences[1]


def test_case_32_a_forged_address_of_the_client_does_not_lift_the_limit(anonymous: Client, db: None) -> None:
    answers = [
        anonymous.post(
            LOGIN,
            {"login": f"{tries}@example.com", "password": "wrong"},
            headers={"X-Forwarded-For": f"10.0.0.{tries}", "X-Real-IP": f"10.0.0.{tries}", "Forwarded": f"for={tries}"},
        ).status_code
        for tries in range(31)
    ]
    assert answers[-1] == 429


def test_the_page_that_says_too_often_has_the_sites_look(anonymous: Client, db: None) -> None:
    for tries in range(30):
        sign_in(anonymous, f"{tries}@example.com", "wrong")
    answer = sign_in(anonymous, "last@example.com", "wrong")
    assert status(answer) == 429
    assert "One moment, please" in getattr(answer, "content", b"").decode()


def test_a_banned_person_does_not_get_in(anonymous: Client, owner: User) -> None:
    owner.ban()
    sign_in(anonymous, owner.email)
    assert anonymous.get("/account/").status_code == 302


def test_a_banned_person_who_signs_in_by_another_way_is_told(owner: User) -> None:
    from allauth.account.adapter import get_adapter
    from django.test import RequestFactory

    owner.ban()
    request = RequestFactory().get("/")
    request.user = owner
    answer = get_adapter().respond_user_inactive(request, owner)
    assert answer.status_code == 403
    assert "This account is suspended" in answer.content.decode()


@pytest.mark.parametrize(
    "target",
    [
        "//elsewhere.example/",
        "///elsewhere.example",
        "https://elsewhere.example/",
        "http://localhost/",
        "http://testserver.elsewhere.example/",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "\thttps://elsewhere.example",
    ],
)
def test_case_32_after_signing_in_nobody_is_sent_elsewhere(anonymous: Client, owner: User, target: str) -> None:
    answer = anonymous.post(LOGIN, {"login": owner.email, "password": factories.PASSWORD, "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_after_signing_in_the_wanted_page_comes(anonymous: Client, owner: User) -> None:
    wanted = anonymous.get("/account/")["Location"]
    answer = anonymous.post(wanted, {"login": owner.email, "password": factories.PASSWORD, "next": "/account/"})
    assert answer["Location"] == "/account/"


@pytest.mark.parametrize(
    "headers",
    [{"Host": "elsewhere.example"}, {"Host": "127.0.0.1.elsewhere.example"}, {"Host": "elsewhere.example:3000"}],
)
def test_case_32_another_host_is_refused(anonymous: Client, db: None, headers: dict[str, str]) -> None:
    assert anonymous.get(LOGIN, headers=headers).status_code == 400


def test_case_32_a_forwarded_host_is_not_believed(anonymous: Client, owner: User) -> None:
    forged = {"X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "1"}
    answer = anonymous.get("/account/", headers=forged)
    assert answer["Location"] == "/accounts/login/?next=/account/"
    assert "elsewhere" not in anonymous.get(LOGIN, headers=forged).content.decode()


def test_case_31_a_form_of_another_site_signs_nobody_in(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert status(sign_in(client, owner.email)) == 403
    client.get(LOGIN)
    token = client.cookies["csrf"].value
    fields = {"login": owner.email, "password": factories.PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post(LOGIN, fields, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert client.post(LOGIN, fields, headers={"Origin": "null"}).status_code == 403
    assert client.post(LOGIN, "{}", content_type="text/plain").status_code == 403
    assert client.post(LOGIN, fields).status_code == 302


# --- signing out


def test_signing_out_ends_the_session_before_its_sockets_are_asked(
    as_owner: Client, owner: User, told: list[tuple[int, int]]
) -> None:
    as_owner.post("/accounts/logout/")
    assert told == [(owner.pk, 0)]
    assert as_owner.get("/account/").status_code == 302


def test_looking_at_the_page_signs_nobody_out(as_owner: Client) -> None:
    as_owner.get("/accounts/logout/")
    assert as_owner.get("/account/").status_code == 200


# --- passwords


def test_a_new_password_signs_everybody_else_out(
    as_owner: Client,
    owner: User,
    told: list[tuple[int, int]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    elsewhere = signed_in(owner)
    fields = {"oldpassword": factories.PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    with django_capture_on_commit_callbacks(execute=True):
        as_owner.post("/accounts/password/change/", fields)
    assert as_owner.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert BrowserSession.objects.for_user(owner).count() == 1
    assert [user for user, _ in told] == [owner.pk]


def test_an_unknown_address_gets_a_message_and_the_page_says_the_same(
    anonymous: Client, owner: User, mailoutbox: list[EmailMessage]
) -> None:
    answers = [anonymous.post("/accounts/password/reset/", {"email": to}) for to in (owner.email, "who@example.com")]
    assert [answer["Location"] for answer in answers] == ["/accounts/password/reset/done/"] * 2
    assert [mail.subject for mail in mailoutbox] == ["Choose a new password", "There is no account with this address"]


def test_case_32_the_link_in_a_mail_has_the_sites_own_name(
    anonymous: Client, owner: User, mailoutbox: list[EmailMessage]
) -> None:
    anonymous.post("/accounts/password/reset/", {"email": owner.email}, headers={"Host": "localhost"})
    link_in(mailoutbox[0])


# --- another address


def test_another_address_counts_once_it_is_confirmed(
    as_owner: Client, owner: User, mailoutbox: list[EmailMessage]
) -> None:
    page = as_owner.post("/accounts/email/", {"email": "Other@example.com", "action_add": ""})["Location"]
    as_owner.post(page, {"password": factories.PASSWORD, "next": "/accounts/email/"})
    owner.refresh_from_db()
    assert owner.email == "owner@example.com"
    waiting = "We are waiting for you to confirm <strong>other@example.com</strong>"
    assert waiting in as_owner.get("/accounts/email/").content.decode()
    as_owner.post(link_in(mailoutbox[0]))
    owner.refresh_from_db()
    assert owner.email == "other@example.com"


def test_a_change_of_mind_keeps_the_old_address(as_owner: Client, owner: User, mailoutbox: list[EmailMessage]) -> None:
    page = as_owner.post("/accounts/email/", {"email": "other@example.com", "action_add": ""})["Location"]
    as_owner.post(page, {"password": factories.PASSWORD, "next": "/accounts/email/"})
    as_owner.post("/accounts/email/", {"email": "other@example.com", "action_remove": ""})
    as_owner.post(link_in(mailoutbox[0]))
    owner.refresh_from_db()
    assert owner.email == "owner@example.com"


def test_an_address_that_somebody_else_has_is_not_taken_over(
    as_owner: Client, owner: User, stranger: User, mailoutbox: list[EmailMessage]
) -> None:
    page = as_owner.post("/accounts/email/", {"email": stranger.email, "action_add": ""})["Location"]
    as_owner.post(page, {"password": factories.PASSWORD, "next": "/accounts/email/"})
    answer = as_owner.post(link_in(mailoutbox[0]), follow=True)
    assert "belongs to another account" in answer.content.decode()
    owner.refresh_from_db()
    assert owner.email == "owner@example.com"


def test_a_second_choice_replaces_the_first(as_owner: Client, owner: User, mailoutbox: list[EmailMessage]) -> None:
    page = as_owner.post("/accounts/email/", {"email": "first@example.com", "action_add": ""})["Location"]
    as_owner.post(page, {"password": factories.PASSWORD, "next": "/accounts/email/"})
    as_owner.post("/accounts/email/", {"email": "second@example.com", "action_add": ""})
    for mail in mailoutbox:
        as_owner.post(link_in(mail))
    owner.refresh_from_db()
    assert owner.email == "second@example.com"


def test_changing_the_address_asks_for_the_password_again(as_owner: Client) -> None:
    """A person who finds an open browser does not get the account."""
    answer = as_owner.post("/accounts/email/", {"email": "other@example.com", "action_add": ""})
    assert answer["Location"].startswith("/accounts/reauthenticate/")


# --- the look


@pytest.mark.parametrize(
    ("page", "who"),
    [
        (LOGIN, "nobody"),
        (SIGNUP, "nobody"),
        ("/accounts/password/reset/", "nobody"),
        ("/accounts/password/reset/done/", "nobody"),
        ("/accounts/password/reset/key/1-abc/", "nobody"),
        ("/accounts/password/reset/key/done/", "nobody"),
        ("/accounts/confirm-email/", "nobody"),
        ("/accounts/confirm-email/abc/", "nobody"),
        ("/accounts/logout/", "owner"),
        ("/accounts/email/", "owner"),
        ("/accounts/reauthenticate/", "owner"),
        ("/accounts/password/change/", "owner"),
        ("/accounts/inactive/", "owner"),
        ("/account/", "owner"),
    ],
)
def test_every_page_has_the_sites_look_and_nothing_inline(
    anonymous: Client, as_owner: Client, page: str, who: str
) -> None:
    answer = (as_owner if who == "owner" else anonymous).get(page)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'class="site-header"' in text
    assert text.count("<h1>") == 1
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)", text)
    assert "Content-Security-Policy" in answer


def test_the_page_says_where_the_message_goes_that_nobody_sends(
    anonymous: Client, db: None, settings: Settings
) -> None:
    assert "in its terminal" in anonymous.get("/accounts/password/reset/").content.decode()
    settings.HAS_MAIL = True
    assert "in its terminal" not in anonymous.get("/accounts/password/reset/").content.decode()


def test_nothing_is_said_twice_after_signing_in(anonymous: Client, owner: User) -> None:
    answer = sign_in(anonymous, owner.email)
    assert list(get_messages(answer.wsgi_request)) == []  # type: ignore[attr-defined]
