"""Title of a portrait, set by its owner."""

from __future__ import annotations

from django.test import Client

from portraits.models import Portrait


def url(portrait: Portrait) -> str:
    return f"/portraits/{portrait.pk}/title/"


def test_a_title_is_kept_without_spaces_around_it(as_owner: Client, portrait: Portrait) -> None:
    answer = as_owner.post(url(portrait), {"title": "  Ada Lovelace "})
    assert (answer.status_code, answer["Location"]) == (302, portrait.get_absolute_url())
    assert Portrait.objects.get().title == "Ada Lovelace"


def test_an_empty_title_gives_it_back_to_the_date(as_owner: Client, portrait: Portrait) -> None:
    as_owner.post(url(portrait), {"title": ""})
    assert str(Portrait.objects.get()).startswith("Portrait of ")


def test_a_title_that_is_too_long_is_refused_with_a_sentence(as_owner: Client, portrait: Portrait) -> None:
    answer = as_owner.post(url(portrait), {"title": "x" * 81}, follow=True)
    assert "This title is too long." in answer.content.decode()
    assert Portrait.objects.get().title == "Eileen"


def test_case_28_a_title_is_all_that_changes(as_owner: Client, portrait: Portrait) -> None:
    as_owner.post(url(portrait), {"title": "New", "moderation": "hidden", "expires_at": "2000-01-01"})
    after = Portrait.objects.get()
    assert (after.title, after.moderation, after.expires_at) == ("New", "visible", None)


def test_a_stranger_gets_404_and_nobody_reads_here(as_owner: Client, as_stranger: Client, portrait: Portrait) -> None:
    assert as_stranger.post(url(portrait), {"title": "Mine"}).status_code == 404
    assert Portrait.objects.get().title == "Eileen"
    assert as_owner.get(url(portrait)).status_code == 405
