"""Session store: Django's, with hashed keys and the user beside the data."""

from __future__ import annotations

import hashlib

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY
from django.core.management import call_command
from django.test import Client

from portraits.accounts.session_store import SessionStore
from portraits.models import BrowserSession, User
from portraits.models.browser import GUEST_KEY
from tests.portraits import factories
from tests.portraits.factories import signed_in


def test_what_is_kept_comes_back(owner: User) -> None:
    store = SessionStore()
    store[SESSION_KEY] = str(owner.pk)
    store["colour"] = "tan"
    store.save()
    again = SessionStore(store.session_key)
    assert (again["colour"], again[SESSION_KEY]) == ("tan", str(owner.pk))
    assert BrowserSession.objects.get().user == owner


def test_a_new_key_keeps_the_person(owner: User) -> None:
    store = SessionStore()
    store[SESSION_KEY] = str(owner.pk)
    store.save()
    before = store.session_key
    store.cycle_key()
    assert [row.pk for row in BrowserSession.objects.for_user(owner)] == [store.row_key]
    assert store.session_key != before
    assert before is not None
    assert not store.exists(before)


def test_a_row_names_the_guest_until_somebody_signs_in(owner: User) -> None:
    guest, store = factories.guest(), SessionStore()
    store[GUEST_KEY] = guest.pk
    store.save()
    assert BrowserSession.objects.get().user == guest
    store[SESSION_KEY] = str(owner.pk)
    store.save()
    assert BrowserSession.objects.get().user == owner


def test_the_rows_know_their_engine() -> None:
    assert BrowserSession.get_session_store_class() is SessionStore


def cookie_of(client: Client) -> str:
    return client.cookies["session"].value


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def test_a_row_does_not_say_its_key(as_owner: Client) -> None:
    row = BrowserSession.objects.get()
    assert row.pk == hashed(cookie_of(as_owner))
    assert cookie_of(as_owner) not in f"{row.pk} {row.session_data} {row.get_decoded()}"


def test_what_a_leaked_row_says_opens_no_session(as_owner: Client, anonymous: Client) -> None:
    row = BrowserSession.objects.get()
    for cookie in (row.pk, row.pk[:40], row.session_data):
        anonymous.cookies["session"] = cookie
        assert anonymous.get("/account/").status_code == 302
    assert as_owner.get("/account/").status_code == 200


def test_a_key_that_was_planted_is_not_taken_over(anonymous: Client, owner: User) -> None:
    anonymous.cookies["session"] = "planted0planted0planted0planted0"
    anonymous.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert cookie_of(anonymous) != "planted0planted0planted0planted0"
    assert not SessionStore().exists("planted0planted0planted0planted0")


def test_a_session_ends_where_its_cookie_does(as_owner: Client, owner: User) -> None:
    store = SessionStore(cookie_of(as_owner))
    assert store.exists(cookie_of(as_owner))
    store.flush()
    assert not BrowserSession.objects.exists()
    assert as_owner.get("/account/").status_code == 302


def test_another_session_is_deleted_by_its_key(as_owner: Client, owner: User) -> None:
    other = signed_in(owner)
    SessionStore().delete(cookie_of(other))
    SessionStore().delete("never was one")
    SessionStore().delete()
    assert [row.pk for row in BrowserSession.objects.all()] == [hashed(cookie_of(as_owner))]


def test_old_sessions_are_cleared_and_new_ones_stay(as_owner: Client, owner: User) -> None:
    signed_in(owner)
    BrowserSession.objects.exclude(pk=hashed(cookie_of(as_owner))).update(expire_date="2020-01-01T00:00:00Z")
    call_command("clearsessions")
    assert BrowserSession.objects.get().pk == hashed(cookie_of(as_owner))


@pytest.mark.django_db(transaction=True)
def test_channels_reads_and_writes_the_same_rows(owner: User) -> None:
    async def work() -> tuple[SessionStore, bool, bool]:
        store = SessionStore()
        await store.aset(SESSION_KEY, str(owner.pk))
        await store.asave()
        await store.acycle_key()
        again = SessionStore(store.session_key)
        assert await again.aget(SESSION_KEY) == str(owner.pk)
        kept = await store.aexists(store.session_key or "")
        await again.adelete()
        return store, kept, await store.aexists(store.session_key or "")

    store, kept, left = async_to_sync(work)()
    assert (kept, left) == (True, False)
    assert not BrowserSession.objects.exists()
    async_to_sync(store.asave)(must_create=True)
    assert BrowserSession.objects.get().pk == store.row_key
    assert BrowserSession.objects.get().user == owner
