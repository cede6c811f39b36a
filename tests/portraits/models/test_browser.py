"""Sessions of browsers and the users who are signed in there."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from portraits.models import BrowserSession, User
from tests.portraits.factories import signed_in


def test_a_sign_in_says_whose_it_is(owner: User, stranger: User) -> None:
    clients = [signed_in(owner), signed_in(owner), signed_in(stranger)]
    assert BrowserSession.objects.for_user(owner).count() == 2
    keys = {client.session.row_key for client in clients[:2]}
    assert {row.pk for row in BrowserSession.objects.for_user(owner)} == keys


def test_nobodys_browser_has_no_user(anonymous: Client, db: None) -> None:
    anonymous.session.save()
    kept = anonymous.session
    kept["something"] = 1
    kept.save()
    assert BrowserSession.objects.get(pk=kept.row_key).user is None


def test_after_signing_out_it_is_nobodys(as_owner: Client, owner: User) -> None:
    as_owner.logout()
    assert not BrowserSession.objects.for_user(owner).exists()


def test_an_old_one_does_not_count(as_owner: Client, owner: User) -> None:
    BrowserSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not BrowserSession.objects.for_user(owner).exists()


def test_case_30_it_goes_with_its_user(as_owner: Client, owner: User) -> None:
    owner.delete()
    assert not BrowserSession.objects.exists()
    assert as_owner.get("/account/").status_code == 302


def test_a_row_reads_its_own_data(as_owner: Client, owner: User) -> None:
    assert BrowserSession.objects.get().get_decoded()[SESSION_KEY] == str(owner.pk)
