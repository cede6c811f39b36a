"""Descriptions of who can see a portrait are true in every state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gpuworker.errors import NoFace
from portraits.models import Portrait, Session, ShareLink, User
from portraits.sharing import visibility
from tests.portraits import factories

ONLY_YOU = "only you and the people who run this site can see it"


def told(client: Client, portrait: Portrait) -> dict[str, str]:
    """Content of the two pages that describe the visibility, by name."""
    return {
        "page": client.get(portrait.get_absolute_url()).content.decode(),
        "gallery": client.get("/portraits/").content.decode(),
    }


def opens(token: str) -> bool:
    return Client().get(f"/s/{token}/").status_code == 200


def test_without_a_link_only_the_owner_and_the_staff_see_it(
    as_owner: Client, portrait: Portrait, session: Session
) -> None:
    pages = told(as_owner, portrait)
    assert f"No link leads to this portrait: {ONLY_YOU}. {visibility.STAFF_RECORDED}" in pages["page"]
    assert '<span class="tile-note">Private</span>' in pages["gallery"]


@pytest.mark.parametrize(
    ("count", "label", "words"), [(1, "Shared by a link", "1 link works:"), (3, "Shared by 3 links", "3 links work:")]
)
def test_links_that_work_are_counted(
    as_owner: Client, portrait: Portrait, session: Session, count: int, label: str, words: str
) -> None:
    tokens = [ShareLink.create_for(portrait)[1] for _ in range(count)]
    pages = told(as_owner, portrait)
    assert all(map(opens, tokens))
    assert ONLY_YOU not in pages["page"]
    assert words in pages["page"]
    assert visibility.describe(portrait, ShareLink.objects.live()).sentence in pages["page"]
    assert f'<span class="tile-note">{label}</span>' in pages["gallery"]


@pytest.mark.parametrize(
    ("passwords", "words"),
    [
        (["a secret"], "1 link works: anyone with it and its password can see"),
        (["a secret"] * 2, "2 links work: anyone with one of them and its password can see"),
        (["a secret", "", ""], "3 links work: anyone with one of them (for 1 also its password) can see"),
    ],
)
def test_a_password_is_said_to_be_needed(
    as_owner: Client, portrait: Portrait, session: Session, passwords: list[str], words: str
) -> None:
    for password in passwords:
        ShareLink.create_for(portrait, password=password)
    assert words in told(as_owner, portrait)["page"]


@pytest.mark.parametrize("over", ["revoked", "expired"])
def test_a_link_that_is_over_does_not_count(as_owner: Client, portrait: Portrait, session: Session, over: str) -> None:
    link, token = ShareLink.create_for(portrait)
    if over == "revoked":
        link.revoke()
    else:
        ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    pages = told(as_owner, portrait)
    assert not opens(token)
    assert ONLY_YOU in pages["page"]
    assert '<span class="tile-note">Private</span>' in pages["gallery"]


@pytest.mark.parametrize(("links", "words"), [(0, ""), (1, "its link shows nothing"), (2, "its 2 links show nothing")])
def test_a_hidden_portrait_is_seen_by_its_owner_and_the_staff_whatever_links_there_are(
    as_owner: Client, portrait: Portrait, session: Session, links: int, words: str
) -> None:
    tokens = [ShareLink.create_for(portrait)[1] for _ in range(links)]
    Portrait.objects.update(moderation=Portrait.Moderation.HIDDEN)
    pages = told(as_owner, portrait)
    assert pages["page"].count("Only you and the people who run this site can see it") == 2
    assert words in pages["page"]
    assert ("until it is restored" in pages["page"]) is bool(links)
    assert '<span class="tile-note">Hidden from others</span>' in pages["gallery"]
    assert not any(map(opens, tokens))


@pytest.mark.parametrize("staff", ["as_moderator", "as_operator"])
def test_the_staff_whom_the_sentences_name_can_look(
    request: pytest.FixtureRequest, portrait: Portrait, staff: str
) -> None:
    client: Client = request.getfixturevalue(staff)
    assert client.get(f"/admin/portraits/portrait/{portrait.pk}/live/").status_code == 200


def test_a_link_to_nothing_is_not_said_to_show_the_portrait(as_owner: Client, owner: User) -> None:
    failed = factories.portrait(owner, "Failed")
    output = factories.claimed(factories.session(failed))
    output.render.fail(output.attempt, NoFace())
    ShareLink.create_for(failed)
    page = told(as_owner, failed)["page"]
    assert "There is nothing to see behind its link yet." in page
    assert "can see this portrait" not in page


def test_a_link_works_no_longer_than_its_portrait(as_owner: Client, portrait: Portrait) -> None:
    _, token = ShareLink.create_for(portrait)
    Portrait.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    page = told(as_owner, portrait)["page"]
    assert "works until you revoke it" not in page
    assert "works until <time" in page
    ShareLink.objects.update(expires_at=timezone.now() + timedelta(days=7))
    assert ShareLink.objects.get().works_until == Portrait.objects.get().expires_at
    assert opens(token)


def test_a_portrait_whose_time_is_over_is_gone_before_it_is_deleted(as_owner: Client, portrait: Portrait) -> None:
    token = ShareLink.create_for(portrait)[1]
    Portrait.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for path in ("", "embed/", "manifest.json", "report/"):
        assert Client().get(f"/s/{token}/{path}").status_code == 404
    assert as_owner.get(portrait.get_absolute_url()).status_code == 404


def test_the_panel_that_a_new_link_brings_says_who_sees_it_now(as_owner: Client, portrait: Portrait) -> None:
    answer = as_owner.post(f"/portraits/{portrait.pk}/shares/", {"days": ""}, headers={"X-Requested-With": "fetch"})
    assert ONLY_YOU not in answer.content.decode()
    link = ShareLink.objects.get()
    revoked = as_owner.post(f"/shares/{link.pk}/revoke/", headers={"X-Requested-With": "fetch"})
    assert ONLY_YOU in revoked.content.decode()
