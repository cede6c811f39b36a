"""Authorization of many subscriptions at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from portraits.live import authorization, publisher
from portraits.live.authorization import Credentials, Subscription
from portraits.models import BrowserSession, Portrait, Session, User
from tests.portraits import factories

CROWD = 100


def credentials_of(user: User, client: Client) -> Credentials:
    return Credentials(user.pk, client.session.row_key, user.password)


@pytest.fixture
def subscription(rendering: Session, owner: User, as_owner: Client) -> Subscription:
    return Subscription(credentials_of(owner, as_owner), rendering.pk)


@pytest.fixture
def crowd(owner: User, portrait: Portrait) -> list[Subscription]:
    """A hundred browsers, each before a session of its own; the password is hashed once."""
    expiry = timezone.now() + timedelta(days=1)
    browsers = [BrowserSession(session_key=f"key{n}", user=owner, expire_date=expiry) for n in range(CROWD)]
    BrowserSession.objects.bulk_create(browsers)
    sessions = [factories.session(portrait) for _ in browsers]
    for session in sessions:
        session.first_render.cancel()  # or each snapshot would say whose turn it is
    pairs = zip(browsers, sessions, strict=True)
    return [
        Subscription(Credentials(owner.pk, browser.session_key, owner.password), session.pk)
        for browser, session in pairs
    ]


def test_an_owner_may_watch_and_gets_what_the_rows_say(subscription: Subscription, rendering: Session) -> None:
    found = authorization.authorize([subscription], {})
    assert found.allowed == {subscription}
    snapshot = found.snapshots[rendering.pk]
    assert json.loads(snapshot.text)["current"] == 200
    assert json.loads(snapshot.text)["sequence"] == snapshot.sequence == 0


def test_only_what_is_newer_than_what_was_heard_is_read(
    subscription: Subscription, rendering: Session, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert authorization.authorize([subscription], {rendering.pk: 0}).snapshots == {}
    with django_capture_on_commit_callbacks(execute=True):
        publisher.publish(rendering.pk)
    assert authorization.authorize([subscription], {rendering.pk: 0}).snapshots[rendering.pk].sequence == 1


def test_a_stranger_may_not_watch(rendering: Session, stranger: User, as_stranger: Client) -> None:
    theirs = Subscription(credentials_of(stranger, as_stranger), rendering.pk)
    assert authorization.authorize([theirs], {}).allowed == frozenset()
    assert not Session.objects.visible_to(stranger).exists()


def test_a_session_that_is_not_there_is_not_allowed(subscription: Subscription) -> None:
    assert authorization.authorize([Subscription(subscription.credentials, uuid4())], {}).allowed == frozenset()


ENDS: dict[str, Callable[[User], object]] = {
    "log-out": lambda owner: BrowserSession.objects.all().delete(),
    "expiry": lambda owner: BrowserSession.objects.update(expire_date=timezone.now()),
    "somebody else signed in there": lambda owner: BrowserSession.objects.update(user=None),
    "ban": lambda owner: owner.ban(),
    "new password": lambda owner: User.objects.update(password="another"),
}


@pytest.mark.parametrize("what", ENDS)
def test_credentials_end_with(subscription: Subscription, owner: User, what: str) -> None:
    ENDS[what](owner)
    assert authorization.authorize([subscription], {}).allowed == frozenset()


def test_a_run_that_is_deleted_while_it_is_read_is_gone(
    subscription: Subscription, rendering: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorization, "_snapshots", lambda ids: {})
    assert authorization.authorize([subscription], {}).allowed == frozenset()


def test_of_many_those_who_may_not_do_not_spoil_it_for_the_others(crowd: list[Subscription], owner: User) -> None:
    gone = crowd[::3]
    BrowserSession.objects.filter(pk__in=[subscription.credentials.session_key for subscription in gone]).delete()
    assert authorization.authorize(crowd, {}).allowed == set(crowd) - set(gone)


@pytest.mark.parametrize("many", [1, CROWD])
def test_a_check_of_any_number_that_stay_is_two_queries(
    crowd: list[Subscription], many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    known = {subscription.session_id: 0 for subscription in crowd}
    with django_assert_num_queries(2):
        assert len(authorization.authorize(crowd[:many], known).allowed) == many


@pytest.mark.parametrize("many", [1, CROWD])
def test_a_check_of_any_number_that_come_is_four_queries(
    crowd: list[Subscription], many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):
        assert len(authorization.authorize(crowd[:many], {}).snapshots) == many


def test_more_than_fit_into_a_query_are_asked_about_in_several(
    crowd: list[Subscription], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorization, "SLICE", 30)
    found = authorization.authorize(crowd, {})
    assert (len(found.allowed), len(found.snapshots)) == (CROWD, CROWD)


def test_credentials_that_are_printed_show_no_secret(subscription: Subscription) -> None:
    assert subscription.credentials.session_key not in repr(subscription)
    assert subscription.credentials.password_hash not in repr(subscription)
