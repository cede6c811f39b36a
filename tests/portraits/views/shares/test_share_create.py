"""Creation of a share link."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portraits.files import element_versions, storage
from portraits.http.throttle import Throttle
from portraits.models import Portrait, Session, ShareLink
from portraits.models.share import hash_token
from portraits.sharing import forms
from portraits.sharing.element_script import CURRENT
from portraits.views.shares import share_create
from tests.portraits import factories

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/s/([A-Za-z0-9_-]{22})/")


def address(portrait: Portrait) -> str:
    return reverse("share-create", args=[portrait.pk])


def test_a_link_is_made_and_shown_with_what_to_put_on_other_pages(as_owner: Client, portrait: Portrait) -> None:
    answer = as_owner.post(address(portrait), {"days": ""})
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "private, no-store"
    text = answer.content.decode()
    token = ADDRESS.search(text)[1]  # type: ignore[index]
    link = portrait.share_links.get()
    assert (link.token_hash, link.expires_at) == (hash_token(token), None)
    new = answer.context["new_urls"]
    assert new.script_snippet.splitlines()[:3] == [
        f'<script type="module" src="{CURRENT.url}" async',
        f'  integrity="{CURRENT.integrity}" crossorigin="anonymous"></script>',
        f'<gaze-tracker src="{new.page}manifest.json" width="410" height="512"',
    ]
    assert new.frame_snippet.startswith(f'<iframe src="{new.page}embed/"')
    assert 'width="410" height="512"' in new.frame_snippet
    assert "&lt;gaze-tracker src=" in text


def test_the_script_that_a_snippet_names_is_kept_for_ever(
    as_owner: Client, portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(element_versions, "_kept", set())
    as_owner.post(address(portrait), {"days": ""})
    kept = {key.rpartition("/")[2]: storage.read(key) for key in storage.keys(f"element/{CURRENT.version}/")}
    assert kept == CURRENT.files


def test_case_27_the_token_is_shown_to_its_owner_again_and_kept_nowhere(as_owner: Client, portrait: Portrait) -> None:
    token = ADDRESS.search(as_owner.post(address(portrait), {"days": ""}).content.decode())[1]  # type: ignore[index]
    values = [str(value) for row in ShareLink.objects.values() for value in row.values()]
    assert not any(token in value for value in values)
    later = as_owner.post(address(portrait), {"days": "nonsense"}).content.decode()
    assert "Links that work" in later
    assert f"/s/{token}/" in later
    assert token not in str(dict(as_owner.session))


def test_several_links_have_names_and_each_is_shown(as_owner: Client, portrait: Portrait) -> None:
    for name in ("Granny", "<b>Web</b> & co"):
        as_owner.post(address(portrait), {"days": "", "name": name})
    page = as_owner.get(portrait.get_absolute_url())
    text = page.content.decode()
    assert [link.name for link in portrait.share_links.all()] == ["<b>Web</b> & co", "Granny"]
    assert all(f"/s/{link.token}/" in text for link in portrait.share_links.all())
    assert "<bdi>&lt;b&gt;Web&lt;/b&gt; &amp; co</bdi>" in text
    assert page["Cache-Control"] == "private, no-store"


def test_a_name_is_nobody_s_but_the_owner_s(as_owner: Client, anonymous: Client, portrait: Portrait) -> None:
    as_owner.post(address(portrait), {"days": "", "name": "for the jealous aunt"})
    token = portrait.share_links.get().token
    for path in ("", "embed/", "report/", "manifest.json"):
        assert "jealous" not in anonymous.get(f"/s/{token}/{path}").content.decode()


def test_a_link_whose_key_is_gone_is_listed_without_its_address(as_owner: Client, portrait: Portrait) -> None:
    link, _ = ShareLink.create_for(portrait, name="Old")
    ShareLink.objects.update(token_hash=hash_token("of another key"))
    text = as_owner.get(portrait.get_absolute_url()).content.decode()
    assert "<bdi>Old</bdi>" in text
    assert "/s/" not in text
    assert reverse("share-revoke", args=[link.pk]) in text


def test_a_hundred_links_take_one_query_and_a_page_of_a_hundred_kilobytes(
    as_owner: Client, portrait: Portrait, session: Session, django_assert_max_num_queries: Any
) -> None:
    for number in range(100):
        ShareLink.create_for(portrait, name=f"{number} " + "W" * 20)
    with django_assert_max_num_queries(12):
        page = as_owner.get(portrait.get_absolute_url())
    assert page.content.count(b'<li>\n<p id="link-') == 100
    assert len(page.content) < 120_000


def test_the_page_s_script_gets_the_panel_alone(as_owner: Client, portrait: Portrait) -> None:
    answer = as_owner.post(address(portrait), {"days": "7"}, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 201
    assert answer.content.decode().lstrip().startswith('<section class="share-panel')
    assert ADDRESS.search(answer.content.decode())


@pytest.mark.parametrize("sent", [{}, {"standard": "on"}])
def test_a_link_shows_the_photo_in_standard_size_where_that_is_chosen(
    as_owner: Client, portrait: Portrait, sent: dict[str, str]
) -> None:
    text = as_owner.post(address(portrait), {"days": "", **sent}).content.decode()
    assert portrait.share_links.get().standard == bool(sent)
    assert "up to twice the size of the portrait" in text
    assert (", in standard size only" in text) == bool(sent)


@pytest.mark.parametrize("days", [1, 7, 30])
def test_a_link_can_end_by_itself(as_owner: Client, portrait: Portrait, days: int) -> None:
    as_owner.post(address(portrait), {"days": str(days)})
    expires_at = portrait.share_links.get().expires_at
    assert expires_at is not None
    assert abs(expires_at - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)


@pytest.mark.parametrize("days", ["2", "-1", "9999999", "forever"])
def test_another_duration_is_refused(as_owner: Client, portrait: Portrait, days: str) -> None:
    answer = as_owner.post(address(portrait), {"days": days})
    assert answer.status_code == 422
    assert 'class="errorlist"' in answer.content.decode()
    assert not portrait.share_links.exists()


def test_a_hidden_portrait_is_not_shared(as_owner: Client, portrait: Portrait) -> None:
    portrait.hide("a report")
    answer = as_owner.post(address(portrait), {"days": ""})
    assert answer.status_code == 422
    assert "A moderator has hidden this portrait, so it cannot be shared." in answer.content.decode()
    assert not portrait.share_links.exists()


def test_a_portrait_has_so_many_live_links_and_no_more(
    as_owner: Client, portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MAX_LINKS", 2)
    for _ in range(2):
        assert as_owner.post(address(portrait), {"days": ""}).status_code == 201
    assert as_owner.post(address(portrait), {"days": ""}).status_code == 422
    portrait.share_links.all()[0].revoke()
    assert as_owner.post(address(portrait), {"days": ""}).status_code == 201


def test_a_portrait_can_be_shared_while_it_is_made(as_owner: Client, owner: object) -> None:
    queued = factories.session(factories.portrait(owner)).portrait  # type: ignore[arg-type]
    assert as_owner.post(address(queued), {"days": ""}).status_code == 201


def test_the_list_names_live_links_only(as_owner: Client, portrait: Portrait) -> None:
    dead, _ = ShareLink.create_for(portrait)
    dead.revoke()
    over, _ = ShareLink.create_for(portrait, timezone.now() - timedelta(seconds=1))
    live, _ = ShareLink.create_for(portrait)
    text = as_owner.post(address(portrait), {"days": "x"}).content.decode()
    assert reverse("share-revoke", args=[live.pk]) in text
    assert reverse("share-revoke", args=[dead.pk]) not in text
    assert reverse("share-revoke", args=[over.pk]) not in text


def test_case_28_fields_that_the_form_does_not_name_are_not_looked_at(as_owner: Client, portrait: Portrait) -> None:
    other = factories.portrait(portrait.owner, "Other")
    as_owner.post(
        address(portrait),
        {"days": "1", "portrait": str(other.pk), "token_hash": "0" * 64, "expires_at": "2999-01-01", "revoked_at": ""},
    )
    link = ShareLink.objects.get()
    assert (link.portrait, link.token_hash == "0" * 64) == (portrait, False)
    assert link.expires_at is not None
    assert link.expires_at.year < 2999


def test_a_stranger_gets_404(as_stranger: Client, as_moderator: Client, portrait: Portrait) -> None:
    for client in (as_stranger, as_moderator):
        assert client.post(address(portrait), {"days": ""}).status_code == 404
    assert not portrait.share_links.exists()


def test_nobody_is_sent_to_sign_in(anonymous: Client, portrait: Portrait) -> None:
    answer = anonymous.post(address(portrait), {"days": ""})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_post_makes_a_link(as_owner: Client, portrait: Portrait, method: str) -> None:
    assert getattr(as_owner, method)(address(portrait)).status_code == 405
    assert not portrait.share_links.exists()


def test_case_31_a_form_of_another_site_makes_no_link(owner: object, portrait: Portrait) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)  # type: ignore[arg-type]
    assert client.post(address(portrait), {"days": ""}).status_code == 403
    assert not portrait.share_links.exists()


def test_passwords_are_hashed_so_often_an_hour_and_no_oftener(
    as_owner: Client, portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share_create, "NEW_PASSWORDS", Throttle("few", limit=2, seconds=3600))
    sent = {"days": "", "password": "open sesame"}
    assert [as_owner.post(address(portrait), sent).status_code for _ in range(3)] == [201, 201, 429]
    assert "Please wait an hour" in as_owner.post(address(portrait), sent).content.decode()
    assert as_owner.post(address(portrait), {"days": ""}).status_code == 201
