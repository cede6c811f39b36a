"""Password of a share link."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gazesite.observability.redaction import RedactionFilter
from portraits.http.throttle import PASSWORDS, PASSWORDS_OF_LINK
from portraits.live import publisher
from portraits.models import Portrait, Session, ShareLink

RIGHT = "open sesame"


@pytest.fixture
def link(portrait: Portrait) -> ShareLink:
    return ShareLink.create_for(portrait, password=RIGHT)[0]


@pytest.fixture
def page(link: ShareLink) -> str:
    return reverse("share", args=[link.token])


@pytest.fixture
def files(page: str, session: Session) -> dict[str, str]:
    """Addresses below the link that show something of the portrait."""
    assert session.shown is not None
    names = {name: publisher.file_name(session.shown, name) for name in ("rig.bin", "photo.webp", "poster.webp")}
    below = {"manifest": "manifest.json", "sheet": "q0.webp", "embed": "embed/", **names}
    return {name: page + path for name, path in below.items()}


def tell(client: Client, page: str, password: str = RIGHT, address: str = "127.0.0.1") -> HttpResponse:
    answer: HttpResponse = client.post(f"{page}password/", {"password": password}, REMOTE_ADDR=address)
    return answer


def statuses(client: Client, addresses: dict[str, str]) -> set[int]:
    return {client.get(address).status_code for address in addresses.values()}


def test_the_page_asks_for_it_and_tells_nothing_of_the_portrait(
    anonymous: Client, portrait: Portrait, page: str
) -> None:
    answer = anonymous.get(page)
    text = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (403, "private, no-store")
    assert f'action="{page}password/"' in text
    assert portrait.title not in text
    assert "og:" not in text
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "strict-origin"


def test_without_it_there_is_no_file_either(
    anonymous: Client, as_owner: Client, page: str, files: dict[str, str]
) -> None:
    for client in (anonymous, as_owner):
        assert statuses(client, {"page": page, "report": f"{page}report/", **files}) == {403}
        assert {client.head(address).status_code for address in files.values()} == {403}
        etags = {"If-None-Match": "*"}
        assert {client.get(address, headers=etags).status_code for address in files.values()} == {403}


def test_a_right_one_opens_the_page_and_every_file_for_this_browser(
    anonymous: Client, portrait: Portrait, page: str, files: dict[str, str]
) -> None:
    answer = tell(anonymous, page)
    assert (answer.status_code, answer["Location"]) == (302, page)
    cookie = answer.cookies[settings.LINK_COOKIE_NAME]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (page, True, "Lax")
    assert portrait.title in anonymous.get(page).content.decode()
    assert statuses(anonymous, files) == {200}
    assert statuses(Client(), files) == {403}


def test_no_cache_between_keeps_what_it_opens(anonymous: Client, page: str, files: dict[str, str]) -> None:
    tell(anonymous, page)
    for address in (page, *files.values()):
        answer = anonymous.get(address)
        assert answer["Cache-Control"] == "private, no-cache"
        assert "Cookie" in answer["Vary"]


def test_a_validator_of_before_gives_nothing_away_without_the_cookie(
    anonymous: Client, page: str, files: dict[str, str]
) -> None:
    tell(anonymous, page)
    etag = anonymous.get(files["manifest"])["ETag"]
    assert anonymous.get(files["manifest"], headers={"If-None-Match": etag}).status_code == 304
    assert Client().get(files["manifest"], headers={"If-None-Match": etag}).status_code == 403


def test_a_wrong_one_is_said_and_opens_nothing(anonymous: Client, page: str, files: dict[str, str]) -> None:
    for wrong in ("open Sesame", "open", "x" * 100, "\N{SNOWMAN}"):
        answer = tell(anonymous, page, wrong)
        assert answer.status_code == 403
        assert "That is not the password of this link." in answer.content.decode()
        assert wrong not in answer.content.decode()
        assert settings.LINK_COOKIE_NAME not in answer.cookies
    assert statuses(anonymous, files) == {403}


@pytest.mark.parametrize("password", ["", "x" * 101, "a\0b"])
def test_what_cannot_be_one_costs_no_try(anonymous: Client, page: str, password: str) -> None:
    for _ in range(PASSWORDS.limit + 1):
        assert tell(anonymous, page, password).status_code == 403
    assert tell(anonymous, page).status_code == 302


def test_the_right_one_of_another_link_opens_nothing_here(anonymous: Client, portrait: Portrait, page: str) -> None:
    other, _ = ShareLink.create_for(portrait, password=RIGHT)
    cookie = tell(anonymous, reverse("share", args=[other.token])).cookies[settings.LINK_COOKIE_NAME].value
    assert Client(headers={"Cookie": f"{settings.LINK_COOKIE_NAME}={cookie}"}).get(page).status_code == 403


def test_an_address_guesses_a_few_and_then_waits_also_with_the_right_one(anonymous: Client, page: str) -> None:
    for number in range(PASSWORDS.limit):
        assert tell(anonymous, page, f"guess {number}").status_code == 403
    for password in ("another", RIGHT):
        answer = tell(anonymous, page, password)
        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= PASSWORDS.seconds
    assert tell(anonymous, page, address="198.51.100.7").status_code == 302


def test_the_guesses_of_all_addresses_at_one_link_are_limited(anonymous: Client, portrait: Portrait, page: str) -> None:
    for number in range(PASSWORDS_OF_LINK.limit):
        assert tell(anonymous, page, "wrong one", f"198.51.100.{number}").status_code == 403
    assert tell(anonymous, page, address="203.0.113.1").status_code == 429
    other, _ = ShareLink.create_for(portrait, password=RIGHT)
    assert tell(anonymous, reverse("share", args=[other.token]), address="203.0.113.1").status_code == 302


def test_who_is_in_stays_in_while_others_guess(anonymous: Client, page: str) -> None:
    tell(anonymous, page)
    for number in range(PASSWORDS_OF_LINK.limit):
        tell(Client(), page, "wrong one", f"198.51.100.{number}")
    assert anonymous.get(page).status_code == 200


def test_right_ones_are_not_counted(anonymous: Client, page: str) -> None:
    """A school behind one address opens it as often as it likes."""
    for _ in range(PASSWORDS_OF_LINK.limit + 1):
        assert tell(anonymous, page).status_code == 302


def test_the_same_right_one_costs_one_slow_hash(anonymous: Client, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(anonymous, page)
    monkeypatch.setattr(ShareLink, "check_password", None)
    assert [tell(Client(), page).status_code for _ in range(PASSWORDS_OF_LINK.limit)] == [302] * PASSWORDS_OF_LINK.limit


def test_while_one_is_remembered_guesses_are_limited_all_the_same(anonymous: Client, page: str) -> None:
    tell(anonymous, page)
    for number in range(PASSWORDS.limit):
        tell(Client(), page, f"guess {number}")
    assert tell(Client(), page).status_code == 429


@pytest.mark.parametrize("end", ["revoked", "expired", "hidden", "deleted"])
def test_a_link_that_is_over_asks_for_nothing(
    anonymous: Client, portrait: Portrait, link: ShareLink, page: str, files: dict[str, str], end: str
) -> None:
    tell(anonymous, page)
    if end == "revoked":
        link.revoke()
    elif end == "expired":
        ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif end == "hidden":
        portrait.hide("a report")
    else:
        link.delete()
    for client in (anonymous, Client()):
        assert statuses(client, {"page": page, **files}) == {404}
        assert tell(client, page).status_code == 404


def test_a_frame_elsewhere_shows_a_card_that_says_so(anonymous: Client, page: str) -> None:
    answer = anonymous.get(f"{page}embed/")
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "This portrait has a password" in text
    assert f'href="{page}" target="_blank"' in text
    assert "<form" not in text  # nobody types a password into a frame of another site
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_manifest_is_refused_so_that_an_element_elsewhere_can_read_it(
    anonymous: Client, files: dict[str, str]
) -> None:
    assert anonymous.get(files["manifest"])["Access-Control-Allow-Origin"] == "*"


def test_a_form_of_another_site_is_refused(page: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert tell(client, page).status_code == 403
    token = client.get(page).cookies[settings.CSRF_COOKIE_NAME].value
    sent = {"password": RIGHT, "csrfmiddlewaretoken": token}
    assert client.post(f"{page}password/", sent).status_code == 302


def test_its_address_leads_to_the_page(anonymous: Client, portrait: Portrait, page: str) -> None:
    assert anonymous.get(f"{page}password/")["Location"] == page
    open_link = reverse("share", args=[ShareLink.create_for(portrait)[1]])
    assert tell(anonymous, open_link, "whatever")["Location"] == open_link


def test_its_owner_is_offered_nothing_that_does_not_work(as_owner: Client, portrait: Portrait, link: ShareLink) -> None:
    text = as_owner.get(reverse("share-details", args=[link.pk])).content.decode()
    assert f"/s/{link.token}/" in text
    assert "gaze-tracker src=" not in text
    assert "with a password" in text
    sent = {"days": "", "password": RIGHT}
    made = as_owner.post(reverse("share-create", args=[portrait.pk]), sent).content.decode()
    assert "only who has both can see the portrait" in made
    assert "gaze-tracker src=" not in made
    assert ShareLink.objects.latest("created_at").check_password(RIGHT)


def test_a_short_one_is_refused(as_owner: Client, portrait: Portrait) -> None:
    answer = as_owner.post(reverse("share-create", args=[portrait.pk]), {"days": "", "password": "12345"})
    assert answer.status_code == 422
    assert "at least 6 characters" in answer.content.decode()


def test_case_27_no_line_of_a_log_has_the_token_the_password_or_the_cookie(
    anonymous: Client, link: ShareLink, page: str, files: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(RedactionFilter())
    with caplog.at_level(logging.DEBUG):
        tell(anonymous, page, "a wrong guess")
        cookie = tell(anonymous, page).cookies[settings.LINK_COOKIE_NAME].value
        for address in (page, f"{page}password/", *files.values()):
            anonymous.get(address)
            anonymous.put(address)
            Client().get(address)
    assert "/s/[token]/" in caplog.text
    assert not [secret for secret in (link.token, RIGHT, "a wrong guess", cookie) if secret in caplog.text]
