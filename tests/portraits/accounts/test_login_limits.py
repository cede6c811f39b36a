"""Wrong passwords: a stranger's slow the stranger, and no client locks an account."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from portraits.models import User
from tests.portraits import factories
from tests.portraits.accounts.test_adapter import NEW_PASSWORD, link_in, sign_in
from tests.portraits.factories import signed_in

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}


def guess(email: str, times: int, **more: str) -> list[str]:
    """Wrong passwords from a browser of its own; what each is answered."""
    client = Client()
    pages = [getattr(sign_in(client, email, "wrong", **more), "content", b"").decode() for _ in range(times)]
    return ["too many" if "Too many failed" in page else "wrong" for page in pages]


def inside(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_strangers_wrong_passwords_slow_the_stranger_only(anonymous: Client, owner: User) -> None:
    assert guess(owner.email, 6, **ELSEWHERE) == ["wrong"] * 5 + ["too many"]
    stranger = Client()
    sign_in(stranger, owner.email, **ELSEWHERE)
    assert not inside(stranger)  # not even with the right one, or there would be something to learn
    sign_in(anonymous, owner.email)
    assert inside(anonymous)


def test_wrong_passwords_from_next_door_do_not_lock_a_browser_that_is_known(anonymous: Client, owner: User) -> None:
    sign_in(anonymous, owner.email)
    anonymous.post("/accounts/logout/")
    assert guess(owner.email, 6)[-1] == "too many"
    sign_in(anonymous, owner.email)
    assert inside(anonymous)


def test_a_known_browser_guesses_no_faster_for_long(anonymous: Client, owner: User) -> None:
    sign_in(anonymous, owner.email)
    anonymous.post("/accounts/logout/")
    for _ in range(10):
        sign_in(anonymous, owner.email, "wrong")
    sign_in(anonymous, owner.email)
    assert not inside(anonymous)


def test_a_browser_is_known_for_the_account_that_signed_in_there_only(
    anonymous: Client, owner: User, stranger: User
) -> None:
    sign_in(anonymous, owner.email)
    anonymous.post("/accounts/logout/")
    guess(stranger.email, 5)
    sign_in(anonymous, stranger.email)
    assert not inside(anonymous)


def limited(settings: Settings, **rates: str) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, **rates}


def test_guesses_from_everywhere_are_bounded(
    owner: User, anonymous: Client, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    """Beyond the limit for all, each customer of a provider has one guess a day."""
    limited(settings, login_failed_anywhere="12/d/key")
    answers = [guess(owner.email, 5, REMOTE_ADDR=f"203.0.113.{n}") for n in range(4)]
    all_wrong, one_wrong = ["wrong"] * 5, ["wrong"] + ["too many"] * 4
    assert answers == [all_wrong, all_wrong, ["wrong"] * 2 + ["too many"] * 3, one_wrong]
    anonymous.post("/accounts/password/reset/", {"email": owner.email}, REMOTE_ADDR="203.0.113.1")
    form = link_in(mailoutbox[-1])
    anonymous.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, REMOTE_ADDR="203.0.113.1")
    guesser = Client()
    sign_in(guesser, owner.email, NEW_PASSWORD, REMOTE_ADDR="203.0.113.1")
    assert inside(guesser)


def test_guesses_from_everywhere_lock_nobody_out_who_has_made_no_wrong_guess(owner: User, settings: Settings) -> None:
    limited(settings, login_failed_anywhere="3/d/key")
    known = signed_in_by_form(owner)
    guess(owner.email, 5, **ELSEWHERE)
    for _ in range(3):
        fresh = Client()
        sign_in(fresh, owner.email)
        assert inside(fresh)
    guesser = Client()
    sign_in(guesser, owner.email, **ELSEWHERE)
    assert not inside(guesser)
    sign_in(known, owner.email)
    assert inside(known)


def test_all_networks_of_one_customer_lock_no_account(owner: User) -> None:
    """With the limits of the site itself: 65,536 networks are at hand to a single customer."""
    answers = [guess(owner.email, 1, REMOTE_ADDR=f"2001:db8:0:{n:x}::1")[0] for n in range(70)]
    assert answers == ["wrong"] * 60 + ["too many"] * 10
    for address in ("2001:db8:1::1", "192.0.2.77"):
        fresh = Client()
        sign_in(fresh, owner.email, REMOTE_ADDR=address)
        assert inside(fresh)


def test_browsers_that_are_known_guess_no_more_together_than_the_account_allows(
    owner: User, settings: Settings
) -> None:
    limited(settings, login_failed_all_known="4/d/key")
    first, second = signed_in_by_form(owner), signed_in_by_form(owner)
    for client in (first, second):
        for _ in range(2):
            sign_in(client, owner.email, "wrong")
    sign_in(second, owner.email)
    assert not inside(second)


def signed_in_by_form(user: User) -> Client:
    """A browser that is known, after signing out."""
    client = Client()
    sign_in(client, user.email)
    client.post("/accounts/logout/")
    return client


def test_a_stranger_who_is_slowed_uses_up_nobody_elses_guesses(owner: User, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed_anywhere": "6/d/key"}
    guess(owner.email, 9, **ELSEWHERE)
    assert guess(owner.email, 1) == ["wrong"]


def test_whoever_is_signed_in_and_asked_again_is_not_locked_out_by_guesses(owner: User) -> None:
    client = signed_in(owner)
    client.get("/accounts/email/")
    guess(owner.email, 6)
    client.post("/accounts/reauthenticate/", {"password": factories.PASSWORD, "next": "/accounts/email/"})
    assert client.post("/accounts/email/", {"email": "o@example.com", "action_add": ""})["Location"] == (
        "/accounts/email/"
    )


def test_strangers_who_ask_for_reset_messages_keep_nobody_from_their_own(
    owner: User, anonymous: Client, mailoutbox: list[EmailMessage]
) -> None:
    """They flood no mailbox either: the links of the first messages work."""
    for _ in range(9):
        Client().post("/accounts/password/reset/", {"email": owner.email}, **ELSEWHERE)  # type: ignore[arg-type]
    answer = anonymous.post("/accounts/password/reset/", {"email": owner.email})
    assert answer["Location"] == "/accounts/password/reset/done/"
    assert len(mailoutbox) == 5
    assert "Choose a new password" in anonymous.get(link_in(mailoutbox[0])).content.decode()
