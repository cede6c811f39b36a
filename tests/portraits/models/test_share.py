"""Share links: hashed tokens, live links, and their end."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from portraits.models import Portrait, Session, ShareLink, User
from tests.portraits import factories


def test_case_27_a_token_has_128_bits_and_is_kept_as_a_hash(portrait: Portrait) -> None:
    link, token = ShareLink.create_for(portrait)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)
    assert link.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert len({ShareLink.create_for(portrait)[1] for _ in range(50)}) == 50


def test_the_token_of_a_link_is_known_again_and_in_no_column(portrait: Portrait) -> None:
    _, token = ShareLink.create_for(portrait, name="Granny")
    assert ShareLink.objects.get().token == token
    assert token not in str(list(ShareLink.objects.values()))


def test_a_copy_of_the_database_opens_nothing_without_the_site_s_key(portrait: Portrait, settings: Settings) -> None:
    _, token = ShareLink.create_for(portrait)
    settings.SECRET_KEY = "of whoever has the copy"
    link = ShareLink.objects.get()
    assert link.token is None
    assert ShareLink.objects.for_token(token).get() == link  # to whom it was given, it works


def test_links_made_under_an_earlier_key_are_shown_as_long_as_the_site_knows_it(
    portrait: Portrait, settings: Settings
) -> None:
    _, token = ShareLink.create_for(portrait)
    settings.SECRET_KEY_FALLBACKS = ["one before", settings.SECRET_KEY]
    settings.SECRET_KEY = "a new key"
    assert ShareLink.objects.get().token == token
    assert ShareLink.create_for(portrait)[0].token != token


def test_a_row_that_took_another_s_hash_shows_no_token(portrait: Portrait) -> None:
    first, _ = ShareLink.create_for(portrait)
    taken = first.token_hash
    first.delete()
    second, _ = ShareLink.create_for(portrait)
    ShareLink.objects.update(token_hash=taken)
    second.refresh_from_db()
    assert second.token is None


def test_a_live_link_is_found_by_its_token(portrait: Portrait) -> None:
    link, token = ShareLink.create_for(portrait)
    assert ShareLink.objects.for_token(token).get() == link
    assert not ShareLink.objects.for_token(link.token_hash).exists()
    assert not ShareLink.objects.for_token("").exists()


@pytest.mark.parametrize(
    ("expires_in", "revoked", "live"), [(None, False, True), (60, False, True), (-1, False, False), (None, True, False)]
)
def test_a_link_lives_until_it_is_revoked_or_its_time_is_over(
    portrait: Portrait, expires_in: int | None, revoked: bool, live: bool
) -> None:
    expires_at = None if expires_in is None else timezone.now() + timedelta(seconds=expires_in)
    link, token = ShareLink.create_for(portrait, expires_at)
    if revoked:
        link.revoke()
    assert link.is_live is live
    assert ShareLink.objects.live().exists() is live
    assert ShareLink.objects.for_token(token).exists() is live


def test_only_the_first_revocation_does_it(portrait: Portrait) -> None:
    link, _ = ShareLink.create_for(portrait)
    assert link.revoke()
    first = link.revoked_at
    assert not ShareLink.objects.get().revoke()
    link.refresh_from_db()
    assert link.revoked_at == first


def test_hidden_portraits_and_banned_owners_show_nothing(portrait: Portrait, owner: User) -> None:
    _, token = ShareLink.create_for(portrait)
    portrait.hide("a report")
    assert not ShareLink.objects.for_token(token).exists()
    portrait.restore()
    assert ShareLink.objects.for_token(token).exists()
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert not ShareLink.objects.for_token(token).exists()


def test_whether_a_token_ever_was_one_outlives_the_link(portrait: Portrait) -> None:
    link, token = ShareLink.create_for(portrait)
    link.revoke()
    assert ShareLink.was_made(token)
    assert not ShareLink.was_made("a guess")


def test_a_link_shows_what_its_portrait_shows(rendering: Session, owner: User) -> None:
    link, _ = ShareLink.create_for(rendering.portrait)
    assert link.output == rendering.shown
    nothing, _ = ShareLink.create_for(factories.portrait(owner))
    assert nothing.output is None


def test_only_the_owner_s_links_are_visible_to_somebody(portrait: Portrait, owner: User, stranger: User) -> None:
    link, _ = ShareLink.create_for(portrait)
    assert ShareLink.objects.visible_to(owner).get() == link
    assert not ShareLink.objects.visible_to(stranger).exists()


def test_a_password_is_kept_as_a_hash_and_is_right_from_any_keyboard(portrait: Portrait) -> None:
    link, _ = ShareLink.create_for(portrait, password=" caf\u00e9 1 ")
    assert "caf" not in link.password
    assert link.check_password("cafe\u0301 1")
    assert not link.check_password("cafe 1")
    assert not link.check_password("")


def test_a_link_without_a_password_has_no_right_one(portrait: Portrait) -> None:
    link, _ = ShareLink.create_for(portrait)
    assert link.password == ""
    assert not link.check_password("")
