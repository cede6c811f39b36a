"""Page of one portrait."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gpuworker.errors import NoFace
from portraits.live import publisher
from portraits.models import Portrait, Session, ShareLink, User
from tests.portraits import factories


def page_of(client: Client, portrait: Portrait) -> str:
    answer = client.get(portrait.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_ready_portrait_is_alive_and_its_progress_is_folded_away(
    as_owner: Client, portrait: Portrait, session: Session
) -> None:
    page = page_of(as_owner, portrait)
    assert f'id="tracker" src="/sessions/{session.pk}/manifest.json"' in page
    assert re.search(r'<section class="progress" id="progress"[^>]* hidden>', page)
    assert re.search(r'id="download"[^>]* download>', page)
    assert '<meta http-equiv="refresh"' not in page


def test_in_the_making_the_page_knows_how_it_stands_and_whom_to_ask(as_owner: Client, rendering: Session) -> None:
    page = page_of(as_owner, rendering.portrait)
    assert f'data-socket="/ws/sessions/{rendering.pk}/"' in page
    assert f'data-progress="/sessions/{rendering.pk}/progress.json"' in page
    found = re.search(r'<script id="snapshot" type="application/json">(.*?)</script>', page)
    assert found is not None
    told = json.loads(found[1])
    assert told.pop("eta_seconds") > 0
    assert told == {name: value for name, value in publisher.snapshot(rendering).items() if name != "eta_seconds"}
    assert "200 of 936" in page
    assert page.count('class="sheet"') == 1
    assert re.search(r'id="cancel-form">', page)
    assert re.search(r'id="retry-form" hidden>', page)
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page


def test_before_the_preview_the_photo_holds_the_place(as_owner: Client, owner: User) -> None:
    waiting = factories.session(factories.portrait(owner))
    page = page_of(as_owner, waiting.portrait)
    assert 'id="still" viewBox="0 0 600 800"' in page
    assert re.search(r'id="tracker" width="410" height="512"', page)


def test_a_failure_is_a_sentence_with_a_way_on(as_owner: Client, owner: User) -> None:
    output = factories.claimed(factories.session(factories.portrait(owner)))
    assert output.render.fail(output.attempt, NoFace())
    page = page_of(as_owner, output.render.session.portrait)
    assert "We could not find a face in this picture." in page
    assert re.search(r'id="retry-form">', page)
    assert re.search(r'id="cancel-form" hidden>', page)


def test_a_hidden_portrait_says_so_to_its_owner(as_owner: Client, portrait: Portrait) -> None:
    assert "A moderator has hidden this portrait." not in page_of(as_owner, portrait)
    portrait.hide("Somebody in it did not agree.")
    page = page_of(as_owner, portrait)
    assert "A moderator has hidden this portrait." in page
    assert "Somebody in it did not agree." in page


def test_a_hidden_portrait_offers_its_owner_nothing_that_does_not_work(
    as_owner: Client, portrait: Portrait, session: Session
) -> None:
    ShareLink.create_for(portrait)
    failed = factories.claimed(factories.session(factories.portrait(portrait.owner)))
    failed.render.fail(failed.attempt, NoFace())
    for each in (portrait, failed.render.session.portrait):
        each.hide("Somebody in it did not agree.")
        page = page_of(as_owner, each).partition("<main")[2]
        forms = re.findall(r'<form method="post" action="([^"]+)"(?![^>]* hidden)', page)
        links = re.findall(r'<a [^>]*href="([^"]+)"(?![^>]* hidden)', page)
        assert reverse("share-create", args=[each.pk]) not in page
        assert "Make a link" not in page
        assert "Links that work" not in page
        for link in links:
            answer = as_owner.get(link)
            answer.close()
            assert (link, answer.status_code) == (link, 200)
        for form in forms:
            answer = as_owner.post(form, {"title": "New"}, headers={"Accept": "application/json"})
            assert (form, answer.status_code < 400) == (form, True)
        assert forms
        assert links
    portrait.restore()
    assert "Make a link" in page_of(as_owner, portrait)


def test_it_says_when_it_deletes_itself(as_owner: Client, portrait: Portrait) -> None:
    assert "Deletes itself" not in page_of(as_owner, portrait)
    Portrait.objects.update(expires_at=timezone.now() + timedelta(days=30))
    assert "Deletes itself" in page_of(as_owner, portrait)


def test_a_portrait_without_a_run_still_has_a_page(as_owner: Client, owner: User) -> None:
    assert 'id="progress"' not in page_of(as_owner, factories.portrait(owner))


def test_a_title_cannot_break_out(as_owner: Client, owner: User) -> None:
    run = factories.session(factories.portrait(owner, "</script><script>alert(1)</script>"))
    assert "<script>alert(1)" not in page_of(as_owner, run.portrait)


def test_few_queries(as_owner: Client, rendering: Session, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(12):
        page_of(as_owner, rendering.portrait)


def test_a_stranger_gets_404_and_so_does_who_is_a_moderator(
    as_stranger: Client, as_moderator: Client, portrait: Portrait
) -> None:
    assert as_stranger.get(portrait.get_absolute_url()).status_code == 404
    assert as_moderator.get(portrait.get_absolute_url()).status_code == 404


def test_forms_have_no_business_here(as_owner: Client, portrait: Portrait) -> None:
    assert as_owner.post(portrait.get_absolute_url()).status_code == 405


def test_whole_pictures_are_laid_out_in_their_own_shape(as_owner: Client, portrait: Portrait) -> None:
    for size, shape in (((1600, 900), "wide"), ((900, 1600), "tall"), ((800, 1000), "alive")):
        Portrait.objects.update(width=size[0], height=size[1], framing_json={"kind": "whole"})
        page = page_of(as_owner, portrait)
        assert re.search(rf'<section class="stage {shape}', page)


def test_a_person_without_background_has_no_frame_and_the_page_says_why(
    as_owner: Client, owner: User, portrait: Portrait
) -> None:
    run = factories.session(factories.portrait(owner), remove_background=True)
    output = factories.claimed(run)
    assert output.record({}, None, ["Fine hair may look cut."])
    factories.complete(output, alpha=True)
    page = page_of(as_owner, run.portrait)
    assert re.search(r'<section class="stage cut-out alive"', page)
    assert "<dt>Background</dt><dd>removed</dd>" in page
    assert re.search(r'id="advice"><li>Fine hair may look cut.</li>', page)
    usual = page_of(as_owner, portrait)
    assert "cut-out" not in usual
    assert "<dt>Background</dt>" not in usual
    assert re.search(r'id="advice" hidden>', usual)


def test_a_photo_that_was_transparent_already_is_not_called_changed(as_owner: Client, owner: User) -> None:
    run = factories.session(factories.portrait(owner))
    factories.complete(factories.claimed(run), alpha=True)
    page = page_of(as_owner, run.portrait)
    assert "cut-out" in page
    assert "<dt>Background</dt>" not in page
