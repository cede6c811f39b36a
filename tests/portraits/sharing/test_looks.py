"""Counter of looks at share links."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from portraits.models import BrowserSession, Portrait, Session, ShareLink
from portraits.sharing import looks
from portraits.sharing.looks import Writer
from tests.portraits import factories

PERSON = "Mozilla/5.0 (Linux; Android 14; CUBOT X50) AppleWebKit/537.36 Chrome/143.0.0.0 Mobile Safari/537.36"


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    looks._counted.clear()
    yield
    looks._counted.clear()


@pytest.fixture
def link(portrait: Portrait) -> ShareLink:
    return ShareLink.create_for(portrait)[0]


def look(client: Client, link: ShareLink, path: str = "", agent: str = PERSON, **headers: str) -> int:
    """Status of one look."""
    address = reverse("share", args=[link.token]) + path
    return client.get(address, headers={"User-Agent": agent, **headers}).status_code


def written(link: ShareLink) -> int:
    looks.write()
    link.refresh_from_db()
    return link.looks


def test_views_of_the_page_and_of_its_frame_are_counted(anonymous: Client, session: Session, link: ShareLink) -> None:
    assert [look(anonymous, link, path) for path in ("", "", "embed/")] == [200] * 3
    assert looks.total(link) == 3
    assert written(link) == 3
    assert looks.total(link) == 3
    look(anonymous, link)
    assert written(link) == 4


@pytest.mark.parametrize(("site", "seen"), [("cross-site", 1), ("same-site", 1), ("same-origin", 0), ("none", 0)])
def test_an_element_in_a_page_of_another_site_is_counted_once(
    anonymous: Client, session: Session, link: ShareLink, site: str, seen: int
) -> None:
    look(anonymous, link, "manifest.json", **{"Sec-Fetch-Site": site})
    assert looks.total(link) == seen


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "facebookexternalhit/1.1",
        "WhatsApp/2.23.20.0",
        "TelegramBot (like TwitterBot)",
        "Slackbot-LinkExpanding 1.0",
        "Mozilla/5.0 (Windows NT 6.1) SkypeUriPreview Preview/0.5",
        "curl/8.5.0",
        "python-requests/2.32",
        "Mozilla/5.0 HeadlessChrome/143.0.0.0",
    ],
)
def test_programs_are_not_counted(anonymous: Client, session: Session, link: ShareLink, agent: str) -> None:
    assert look(anonymous, link, agent=agent) == 200
    assert looks.total(link) == 0


def test_a_page_that_is_loaded_ahead_is_not_counted(anonymous: Client, session: Session, link: ShareLink) -> None:
    look(anonymous, link, **{"Sec-Purpose": "prefetch;prerender"})
    look(anonymous, link, Purpose="prefetch")
    address = reverse("share", args=[link.token])
    anonymous.head(address, headers={"User-Agent": PERSON})
    assert looks.total(link) == 0


def test_the_owner_is_not_counted_and_others_who_are_signed_in_are(
    as_owner: Client, as_stranger: Client, session: Session, link: ShareLink
) -> None:
    look(as_owner, link)
    assert looks.total(link) == 0
    look(as_stranger, link)
    assert looks.total(link) == 1
    BrowserSession.objects.all().delete()
    look(as_owner, link)
    assert looks.total(link) == 2


def test_nothing_about_visitors_is_kept(anonymous: Client, session: Session, link: ShareLink) -> None:
    answer = anonymous.get(reverse("share", args=[link.token]), headers={"User-Agent": PERSON})
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")
    assert dict(looks._counted) == {link.pk: 1}


def test_what_shows_nothing_is_no_look(
    anonymous: Client, portrait: Portrait, session: Session, link: ShareLink
) -> None:
    empty, _ = ShareLink.create_for(factories.portrait(portrait.owner))
    locked, _ = ShareLink.create_for(portrait, password="open sesame")
    for each in (empty, locked):
        look(anonymous, each)
        look(anonymous, each, "embed/")
    link.revoke()
    look(anonymous, link)
    assert not looks._counted


def test_a_thousand_looks_are_one_short_update(
    anonymous: Client, session: Session, link: ShareLink, django_assert_num_queries: Any, rf: Any
) -> None:
    request = rf.get("/s/…/", headers={"User-Agent": PERSON})
    threads = [
        threading.Thread(target=lambda: [looks.count(request, link) for _ in range(125)]) for _ in range(8)
    ]  # fmt: skip
    with django_assert_num_queries(0):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with django_assert_num_queries(1):
        looks.write()
    with django_assert_num_queries(0):
        looks.write()
    link.refresh_from_db()
    assert link.looks == 1000


def test_what_a_database_that_is_away_did_not_take_stays_counted(
    anonymous: Client, session: Session, link: ShareLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(anonymous, link)

    def away(*_: object, **__: object) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(ShareLink.objects, "filter", away)
        with pytest.raises(DatabaseError):
            looks.write()
    assert written(link) == 1


def test_looks_at_a_link_that_has_been_deleted_are_forgotten(
    anonymous: Client, session: Session, link: ShareLink
) -> None:
    look(anonymous, link)
    link.delete()
    looks.write()
    assert not looks._counted


def test_a_writer_that_stops_writes_once_more_and_outlives_an_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(looks, "SECONDS", 0)
    monkeypatch.setattr(looks, "close_old_connections", lambda: None)
    tries, again = [], threading.Event()

    def write() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise DatabaseError("away")
        again.set()

    monkeypatch.setattr(looks, "write", write)
    writer = Writer()
    writer.start()
    assert again.wait(60)
    writer.stop()
    assert not writer._thread.is_alive()
    assert "they stay counted" in caplog.text


def test_its_owner_sees_how_often_a_link_was_looked_at(
    as_owner: Client, anonymous: Client, portrait: Portrait, session: Session, link: ShareLink
) -> None:
    def page() -> str:
        text: str = as_owner.get(portrait.get_absolute_url()).content.decode()
        return text

    assert "no looks yet" in page()
    look(anonymous, link)
    assert ", 1 look\n" in page()
    ShareLink.objects.update(looks=1233)
    assert ", 1,234 looks" in page()
