"""Public page of a share link, and rules for all URLs below it."""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from gazesite.observability.redaction import RedactionFilter
from portraits import deletion
from portraits.files import storage
from portraits.http import throttle
from portraits.http.throttle import GUESSES
from portraits.live import publisher
from portraits.models import Portrait, Session, ShareLink, User
from portraits.sharing import link_preview
from tests.portraits import factories

ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}


@pytest.fixture
def made(portrait: Portrait) -> tuple[ShareLink, str]:
    return ShareLink.create_for(portrait)


@pytest.fixture
def link(made: tuple[ShareLink, str]) -> ShareLink:
    return made[0]


@pytest.fixture
def token(made: tuple[ShareLink, str]) -> str:
    return made[1]


def addresses(token: str, session: Session) -> dict[str, str]:
    """All URLs below a link."""
    assert session.shown is not None
    poster, preview = (publisher.file_name(session.shown, name) for name in ("poster.webp", link_preview.NAME))
    return {
        "page": reverse("share", args=[token]),
        "embed": reverse("share-embed", args=[token]),
        "manifest": reverse("share-manifest", args=[token]),
        "file": reverse("share-file", args=[token, poster]),
        "preview": reverse("share-file", args=[token, preview]),
        "report": reverse("share-report", args=[token]),
    }


def statuses(client: Client, token: str, session: Session) -> set[int]:
    return {client.get(address).status_code for address in addresses(token, session).values()}


# --- the page


def test_the_portrait_is_on_the_page_for_everybody(
    anonymous: Client, as_stranger: Client, portrait: Portrait, token: str
) -> None:
    for client in (anonymous, as_stranger):
        answer = client.get(reverse("share", args=[token]))
        assert answer.status_code == 200
        text = answer.content.decode()
        assert '<gaze-tracker src="manifest.json"' in text
        assert portrait.title in text
    # It tells no two visitors apart, so that nothing about its visitor is on it.
    assert (
        as_stranger.get(reverse("share", args=[token])).content == anonymous.get(reverse("share", args=[token])).content
    )


def test_link_previews_are_a_large_jpeg_under_its_whole_address(
    anonymous: Client, session: Session, token: str, settings: Settings
) -> None:
    settings.SITE_URL = "https://faces.example"
    text = anonymous.get(reverse("share", args=[token])).content.decode()
    preview = addresses(token, session)["preview"]
    for tag in (
        f'<meta property="og:image" content="https://faces.example{preview}">',
        '<meta property="og:image:type" content="image/jpeg">',
        '<meta property="og:image:width" content="1200">',
        '<meta property="og:image:height" content="630">',
        '<meta name="twitter:card" content="summary_large_image">',
        f'<meta name="twitter:image" content="https://faces.example{preview}">',
    ):
        assert tag in text
    answer = anonymous.get(preview)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.size) == ("JPEG", (1200, 630))


def test_a_portrait_of_before_there_were_link_previews_shows_its_poster(
    anonymous: Client, session: Session, token: str, settings: Settings
) -> None:
    settings.SITE_URL = "https://faces.example"
    assert session.shown is not None
    storage.delete(session.shown.key(link_preview.NAME))
    session.shown.files.pop(link_preview.NAME)
    session.shown.save()
    text = anonymous.get(reverse("share", args=[token])).content.decode()
    address = reverse("share-file", args=[token, publisher.file_name(session.shown, "poster.webp")])
    poster = f"https://faces.example{address}"
    page = f"https://faces.example/s/{token}/"
    for tag in (
        f'<meta property="og:image" content="{poster}">',
        f'<meta property="og:url" content="{page}">',
        '<meta property="og:title" content="Eileen">',
        '<meta property="og:image:width" content="410">',
        '<meta name="twitter:card" content="summary">',
        f'<meta name="twitter:image" content="{poster}">',
        f'<link rel="canonical" href="{page}">',
    ):
        assert tag in text
    assert anonymous.get(poster.removeprefix("https://faces.example")).status_code == 200


def test_cards_of_a_person_without_background_show_an_opaque_picture(
    anonymous: Client, owner: User, settings: Settings
) -> None:
    settings.SITE_URL = "https://faces.example"
    output = factories.claimed(factories.session(factories.portrait(owner), remove_background=True))
    factories.complete(output, alpha=True)
    _, token = ShareLink.create_for(output.render.session.portrait)
    text = anonymous.get(reverse("share", args=[token])).content.decode()
    card = reverse("share-file", args=[token, publisher.file_name(output, link_preview.NAME)])
    poster = reverse("share-file", args=[token, publisher.file_name(output, "poster.webp")])
    for tag in (
        f'<meta property="og:image" content="https://faces.example{card}">',
        f'<img itemprop="contentUrl" src="{poster}"',
    ):
        assert tag in text
    assert '<body class="shared cut-out"' in text
    assert anonymous.get(card)["Content-Type"] == "image/jpeg"


def test_a_title_is_text_and_nothing_else(anonymous: Client, portrait: Portrait, token: str) -> None:
    Portrait.objects.filter(pk=portrait.pk).update(title='"><script>alert(1)</script>')
    text = anonymous.get(reverse("share", args=[token])).content.decode()
    assert "<script>alert" not in text
    assert text.count("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;") == 4


def test_case_35_the_page_says_that_the_portrait_is_synthetic(anonymous: Client, token: str) -> None:
    for name in ("share", "share-embed"):
        text = anonymous.get(reverse(name, args=[token])).content.decode()
        assert 'href="http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"' in text


def test_while_nothing_is_there_yet_the_page_says_so_and_looks_again(anonymous: Client, owner: User) -> None:
    waiting = factories.session(factories.portrait(owner))
    _, token = ShareLink.create_for(waiting.portrait)
    text = anonymous.get(reverse("share", args=[token])).content.decode()
    assert '<meta http-equiv="refresh" content="2">' in text
    assert "is being drawn" in text
    assert "gaze-tracker src" not in text
    waiting.first_render.cancel()
    text = anonymous.get(reverse("share", args=[token])).content.decode()
    assert "refresh" not in text
    assert "There is nothing to see here yet." in text


def test_in_mid_job_the_page_is_alive(anonymous: Client, rendering: Session) -> None:
    _, token = ShareLink.create_for(rendering.portrait)
    assert '<gaze-tracker src="manifest.json"' in anonymous.get(reverse("share", args=[token])).content.decode()


def test_the_address_without_its_slash_leads_there(anonymous: Client, token: str) -> None:
    answer = anonymous.get(f"/s/{token}")
    assert (answer.status_code, answer["Location"]) == (301, f"/s/{token}/")


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_the_page_is_only_read(anonymous: Client, token: str, method: str) -> None:
    assert getattr(anonymous, method)(reverse("share", args=[token])).status_code == 405


def test_head_is_answered(anonymous: Client, token: str) -> None:
    answer = anonymous.head(reverse("share", args=[token]))
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_page_takes_no_script_and_no_frame_from_elsewhere(anonymous: Client, token: str) -> None:
    answer = anonymous.get(reverse("share", args=[token]))
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    text = answer.content.decode()
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", text)


# --- what holds for every address


def test_no_address_sets_a_cookie(anonymous: Client, session: Session, token: str) -> None:
    for name, address in addresses(token, session).items():
        answer = anonymous.get(address)
        assert name == "report" or (not answer.cookies and "Cookie" not in answer.get("Vary", ""))


def test_nothing_is_indexed(anonymous: Client, session: Session, token: str) -> None:
    for address in [*addresses(token, session).values(), "/s/wrong/", "/s/wrong/manifest.json"]:
        assert anonymous.get(address)["X-Robots-Tag"] == "noindex, nofollow, noimageindex"


def test_case_27_no_answer_lets_the_token_into_a_referer(anonymous: Client, session: Session, token: str) -> None:
    for name, address in addresses(token, session).items():
        assert anonymous.get(address)["Referrer-Policy"] == ("strict-origin" if name == "report" else "no-referrer")
    for address in ("/s/wrong/", "/s/wrong/embed/", "/s/wrong/report/", f"/s/{token}/nothing.webp"):
        assert anonymous.get(address)["Referrer-Policy"] == "no-referrer"


def test_case_27_a_revoked_link_is_dead_everywhere(
    anonymous: Client, link: ShareLink, session: Session, token: str
) -> None:
    assert statuses(anonymous, token, session) == {200}
    link.revoke()
    assert statuses(anonymous, token, session) == {404}


def test_case_27_an_expired_link_is_dead_everywhere(
    anonymous: Client, link: ShareLink, session: Session, token: str
) -> None:
    ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() + timedelta(hours=1))
    assert statuses(anonymous, token, session) == {200}
    ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert statuses(anonymous, token, session) == {404}


def test_case_27_nothing_is_kept_for_longer_than_a_minute(anonymous: Client, session: Session, token: str) -> None:
    for address in addresses(token, session).values():
        control = anonymous.get(address)["Cache-Control"]
        assert "max-age=60" in control or "no-cache" in control or "no-store" in control
        assert "immutable" not in control
        assert "stale" not in control


def test_case_27_a_validator_does_not_outlive_its_link(
    anonymous: Client, link: ShareLink, session: Session, token: str
) -> None:
    for name in ("manifest", "file"):
        address = addresses(token, session)[name]
        validator = {"If-None-Match": anonymous.get(address)["ETag"]}
        assert anonymous.get(address, headers=validator).status_code == 304
    link.revoke()
    for name in ("manifest", "file"):
        assert anonymous.get(addresses(token, session)[name], headers=validator).status_code == 404


@pytest.mark.parametrize(
    "end",
    [
        lambda portrait: portrait.hide("a report"),
        lambda portrait: User.objects.filter(pk=portrait.owner_id).update(is_active=False),
        deletion.delete_portrait,
        lambda portrait: deletion.delete_user(portrait.owner),
    ],
    ids=["hidden", "banned", "deleted", "account deleted"],
)
def test_case_30_when_the_portrait_goes_its_links_die(
    anonymous: Client, session: Session, portrait: Portrait, token: str, end: Callable[[Portrait], Any]
) -> None:
    below = addresses(token, session)
    end(portrait)
    assert {anonymous.get(address).status_code for address in below.values()} == {404}


def test_a_dead_link_is_told_in_a_sentence(anonymous: Client, link: ShareLink, token: str) -> None:
    link.revoke()
    answer = anonymous.get(reverse("share", args=[token]))
    assert "This link leads nowhere" in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"


def test_a_link_opens_its_own_portrait_only(anonymous: Client, session: Session, owner: User) -> None:
    other = factories.portrait(owner, "Other")
    factories.complete(factories.claimed(factories.session(other)))
    _, token = ShareLink.create_for(other)
    assert session.shown is not None
    poster = factories.picture("navy")
    storage.put(session.shown.key("poster.webp"), poster)
    session.shown.files["poster.webp"] = {"sha256": factories.sha256(poster), "size": len(poster)}
    session.shown.save()
    assert anonymous.get(addresses(token, session)["file"]).status_code == 404


# --- guesses


def guess(number: int) -> str:
    return f"guess{number:017d}"


@pytest.fixture
def in_one_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clock that stands still, because the count of guesses starts anew every ten minutes."""
    now = time.time()
    monkeypatch.setattr(throttle, "time", SimpleNamespace(time=lambda: now))


@pytest.mark.usefixtures("in_one_stretch")
def test_case_27_guesses_are_404_then_429(anonymous: Client, token: str) -> None:
    found = [anonymous.get(f"/s/{guess(number)}/{path}").status_code
             for number, path in enumerate(["", "manifest.json", "embed/", "report/", "x.webp"] * 60)]  # fmt: skip
    assert found == [404] * GUESSES.limit + [429] * (300 - GUESSES.limit)
    # Were a real one still told from the others, guessing would go on.
    answer = anonymous.get(reverse("share", args=[token]))
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= GUESSES.seconds
    assert "wait a few minutes" in answer.content.decode()


@pytest.mark.usefixtures("in_one_stretch")
def test_case_27_other_people_s_guesses_concern_nobody_else(anonymous: Client, session: Session, token: str) -> None:
    for number in range(40):
        anonymous.get(f"/s/{guess(number)}/", **ELSEWHERE)
    assert anonymous.get(f"/s/{guess(99)}/", **ELSEWHERE).status_code == 429
    assert statuses(anonymous, token, session) == {200}


def test_a_link_that_once_was_one_is_no_guess(anonymous: Client, link: ShareLink, token: str) -> None:
    link.revoke()
    for _ in range(50):
        assert anonymous.get(reverse("share", args=[token])).status_code == 404


def test_a_dead_address_in_somebody_s_page_is_one_guess(anonymous: Client, session: Session, token: str) -> None:
    for _ in range(50):
        assert anonymous.get(f"/s/{guess(1)}/manifest.json").status_code == 404
    assert statuses(anonymous, token, session) == {200}


def test_case_27_no_line_of_a_log_has_the_token(
    anonymous: Client, link: ShareLink, session: Session, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(RedactionFilter())
    below = addresses(token, session)
    with caplog.at_level(logging.DEBUG):
        for address in below.values():
            anonymous.get(address)
            anonymous.put(address)
        link.revoke()
        for address in below.values():
            anonymous.get(address)
    assert "/s/[token]/" in caplog.text
    assert token not in caplog.text
