"""Who may watch what, of many at once."""

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
from portraits.live.authorization import Login, Watch
from portraits.models import BrowserSession, Portrait, Session, User
from tests.portraits import factories

CROWD = 100


def login_of(user: User, client: Client) -> Login:
    return Login(user.pk, client.session.row_key, user.password)


@pytest.fixture
def watch(rendering: Session, owner: User, as_owner: Client) -> Watch:
    return Watch(login_of(owner, as_owner), rendering.pk)


@pytest.fixture
def crowd(owner: User, portrait: Portrait) -> list[Watch]:
    """A hundred browsers, each before a session of its own; the password is hashed once."""
    expiry = timezone.now() + timedelta(days=1)
    browsers = [BrowserSession(session_key=f"key{n}", user=owner, expire_date=expiry) for n in range(CROWD)]
    BrowserSession.objects.bulk_create(browsers)
    sessions = [factories.session(portrait) for _ in browsers]
    for session in sessions:
        session.first_render.cancel()  # or each snapshot would say whose turn it is
    pairs = zip(browsers, sessions, strict=True)
    return [Watch(Login(owner.pk, browser.session_key, owner.password), session.pk) for browser, session in pairs]


def test_an_owner_may_watch_and_gets_what_the_rows_say(watch: Watch, rendering: Session) -> None:
    finding = authorization.look([watch], {})
    assert finding.allowed == {watch}
    news = finding.news[rendering.pk]
    assert json.loads(news.text)["current"] == 200
    assert json.loads(news.text)["sequence"] == news.sequence == 0


def test_only_what_is_newer_than_what_was_heard_is_read(
    watch: Watch, rendering: Session, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert authorization.look([watch], {rendering.pk: 0}).news == {}
    with django_capture_on_commit_callbacks(execute=True):
        publisher.publish(rendering.pk)
    assert authorization.look([watch], {rendering.pk: 0}).news[rendering.pk].sequence == 1


def test_a_stranger_may_not_watch(rendering: Session, stranger: User, as_stranger: Client) -> None:
    theirs = Watch(login_of(stranger, as_stranger), rendering.pk)
    assert authorization.look([theirs], {}).allowed == frozenset()
    assert not Session.objects.visible_to(stranger).exists()


def test_what_is_not_there_nobody_may_watch(watch: Watch) -> None:
    assert authorization.look([Watch(watch.login, uuid4())], {}).allowed == frozenset()


ENDS: dict[str, Callable[[User], object]] = {
    "log-out": lambda owner: BrowserSession.objects.all().delete(),
    "expiry": lambda owner: BrowserSession.objects.update(expire_date=timezone.now()),
    "somebody else signed in there": lambda owner: BrowserSession.objects.update(user=None),
    "ban": lambda owner: owner.ban(),
    "new password": lambda owner: User.objects.update(password="another"),
}


@pytest.mark.parametrize("what", ENDS)
def test_a_login_ends_with(watch: Watch, owner: User, what: str) -> None:
    ENDS[what](owner)
    assert authorization.look([watch], {}).allowed == frozenset()


def test_a_run_that_is_deleted_while_it_is_read_is_gone(
    watch: Watch, rendering: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorization, "_news", lambda ids: {})
    assert authorization.look([watch], {}).allowed == frozenset()


def test_of_many_those_who_may_not_do_not_spoil_it_for_the_others(crowd: list[Watch], owner: User) -> None:
    gone = crowd[::3]
    BrowserSession.objects.filter(pk__in=[watch.login.key for watch in gone]).delete()
    assert authorization.look(crowd, {}).allowed == set(crowd) - set(gone)


@pytest.mark.parametrize("many", [1, CROWD])
def test_a_look_at_any_number_that_stay_is_two_queries(
    crowd: list[Watch], many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    known = {watch.session_id: 0 for watch in crowd}
    with django_assert_num_queries(2):
        assert len(authorization.look(crowd[:many], known).allowed) == many


@pytest.mark.parametrize("many", [1, CROWD])
def test_a_look_at_any_number_that_come_is_four_queries(
    crowd: list[Watch], many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):
        assert len(authorization.look(crowd[:many], {}).news) == many


def test_more_than_fit_into_a_query_are_asked_about_in_several(
    crowd: list[Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorization, "SLICE", 30)
    finding = authorization.look(crowd, {})
    assert (len(finding.allowed), len(finding.news)) == (CROWD, CROWD)


def test_a_login_that_is_printed_shows_no_secret(watch: Watch) -> None:
    assert watch.login.key not in repr(watch)
    assert watch.login.password not in repr(watch)
