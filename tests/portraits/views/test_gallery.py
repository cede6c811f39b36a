"""Gallery of the user's own portraits."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from portraits.models import Portrait, Render, Session, User
from tests.portraits import factories


def test_an_empty_wall_invites(as_owner: Client) -> None:
    page = as_owner.get("/portraits/").content.decode()
    assert "This wall is still empty" in page
    assert 'href="/upload/"' in page


def test_portraits_hang_newest_first_and_nobody_elses_among_them(
    as_owner: Client, owner: User, stranger: User, portrait: Portrait
) -> None:
    factories.session(factories.portrait(stranger, "Not yours"))
    factories.session(factories.portrait(owner, "Newest"))
    page = as_owner.get("/portraits/").content.decode()
    assert page.index("Newest") < page.index("Eileen")
    assert "Not yours" not in page
    assert "2 portraits" in page


def test_states_are_shown_and_only_living_portraits_can_be_woken(
    as_owner: Client, owner: User, portrait: Portrait, rendering: Session
) -> None:
    factories.session(factories.portrait(owner, "In the queue"))
    stopped = factories.session(factories.portrait(owner, "Never mind"))
    assert stopped.first_render.cancel()
    Portrait.objects.filter(pk=portrait.pk).update(moderation=Portrait.Moderation.HIDDEN)
    page = as_owner.get("/portraits/").content.decode()
    for badge in ("Rendering", "Waiting", "Cancelled", "Hidden"):
        assert f">{badge}</span>" in page
    assert page.count("data-manifest=") == 2


def test_twelve_to_a_page(as_owner: Client, owner: User) -> None:
    for number in range(13):
        factories.session(factories.portrait(owner, f"Number {number}"))
    first = as_owner.get("/portraits/").content.decode()
    assert first.count('class="tile"') == 12
    assert 'href="?page=2"' in first
    second = as_owner.get("/portraits/?page=2").content.decode()
    assert second.count('class="tile"') == 1
    assert as_owner.get("/portraits/?page=nonsense").status_code == 200
    assert as_owner.get("/portraits/?page=999").status_code == 200


def test_a_full_page_takes_few_queries(
    as_owner: Client, owner: User, django_assert_max_num_queries: Any, portrait: Portrait
) -> None:
    for number in range(30):
        factories.session(factories.portrait(owner, f"Number {number}"))
    Session.objects.update(created_at=timezone.now())
    assert Render.objects.count() == 32
    with django_assert_max_num_queries(10):
        as_owner.get("/portraits/")


def test_a_title_cannot_break_out(as_owner: Client, owner: User) -> None:
    factories.session(factories.portrait(owner, '"><script>alert(1)</script>'))
    assert "<script>alert(1)" not in as_owner.get("/portraits/").content.decode()


def test_strangers_are_asked_to_sign_in_and_forms_have_no_business_here(as_owner: Client, anonymous: Client) -> None:
    assert anonymous.get("/portraits/").status_code == 302
    assert as_owner.post("/portraits/").status_code == 405


def test_a_tile_knows_a_person_without_background(as_owner: Client, owner: User, portrait: Portrait) -> None:
    assert "cut-out" not in as_owner.get("/portraits/").content.decode()
    factories.complete(
        factories.claimed(factories.session(factories.portrait(owner), remove_background=True)), alpha=True
    )
    assert as_owner.get("/portraits/").content.decode().count('class="tile-frame cut-out"') == 1
