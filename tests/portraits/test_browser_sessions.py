"""The session engine: Django's, with the person beside the data."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY

from portraits.browser_sessions import SessionStore
from portraits.models import BrowserSession, User


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
    assert [row.pk for row in BrowserSession.objects.of(owner)] == [store.session_key]
    assert store.session_key != before


def test_the_rows_know_their_engine() -> None:
    assert BrowserSession.get_session_store_class() is SessionStore
