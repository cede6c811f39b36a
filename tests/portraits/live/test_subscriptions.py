"""The desk of a process: what it tells whom, what it asks, and what it does when it gets no answer."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from channels.db import database_sync_to_async
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from portraits import log_context
from portraits.live import authorization, publisher, subscriptions
from portraits.live.authorization import Finding, Login, Watch
from portraits.live.subscriptions import NOT_YOURS, TRY_AGAIN, Watcher
from portraits.models import BrowserSession, Render, Session, User
from tests.portraits import factories
from tests.portraits.factories import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
in_thread = database_sync_to_async
CROWD = 100


@pytest.fixture
def owner(transactional_db: None) -> User:
    return factories.user("owner")


@pytest.fixture
def watch(rendering: Session, owner: User) -> Watch:
    return Watch(Login(owner.pk, signed_in(owner).session.row_key, owner.password), rendering.pk)


@pytest.fixture(autouse=True)
async def the_tests_own_loop() -> AsyncIterator[None]:
    """Event loop as the server's; nothing is left of it afterwards."""
    publisher.use_loop(asyncio.get_running_loop())
    yield
    publisher.use_loop(None)
    assert not subscriptions._desks
    layer = get_channel_layer()
    assert isinstance(layer, InMemoryChannelLayer)
    assert publisher.GROUP not in layer.groups


@pytest.fixture
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are lost."""
    monkeypatch.setattr(publisher, "_send", lambda message: None)


class Looks:
    """The desk's questions to the rows: how many, with how many queries; held back while `may_end` is not set."""

    def __init__(self) -> None:
        self.queries: list[int] = []
        self.asked: list[int] = []
        self.has_read = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()
        self.fails = False
        self.circumstances: Mapping[str, str] | None = None

    def __call__(self, watches: Collection[Watch], known: Mapping[UUID, int]) -> Finding:
        if self.fails:
            raise OperationalError("the database is away")
        with CaptureQueriesContext(connection) as captured:
            finding = authorization.look(watches, known)
        self.queries.append(len(captured))
        self.asked.append(len(watches))
        self.circumstances = log_context.current()
        self.has_read.set()
        assert self.may_end.wait(60)
        return finding


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    looks = Looks()
    # In threads of their own, so that a look that is held back holds no other.
    monkeypatch.setattr(subscriptions, "_look", database_sync_to_async(looks, thread_sensitive=False))
    return looks


@asynccontextmanager
async def many(watch: Watch, number: int) -> AsyncIterator[list[Watcher]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(subscriptions.watching(watch)) for _ in range(number)]


async def told(watcher: Watcher, seconds: float = 60) -> dict[str, Any]:
    snapshot: dict[str, Any] = json.loads(await asyncio.wait_for(anext(watcher), seconds))
    return snapshot


async def ended(watcher: Watcher, seconds: float = 60) -> int | None:
    """The closing code, whatever is told before."""
    async with asyncio.timeout(seconds):
        async for _ in watcher:
            pass
    return watcher.code


async def until(happened: threading.Event) -> None:
    assert await asyncio.to_thread(happened.wait, 5)


async def test_whoever_comes_while_a_look_is_under_way_shares_the_next(watch: Watch, looks: Looks) -> None:
    looks.may_end.clear()
    async with many(watch, 1) as [first]:
        await until(looks.has_read)
        async with many(watch, CROWD) as others:
            looks.may_end.set()
            for watcher in (first, *others):
                assert (await told(watcher))["current"] == 200
    assert len(looks.queries) == 2


async def test_what_changes_between_the_look_and_its_answer_is_not_missed(
    watch: Watch, rendering: Session, looks: Looks
) -> None:
    looks.may_end.clear()
    async with many(watch, 1) as [watcher]:
        await until(looks.has_read)
        await asyncio.to_thread(in_own_connection, publisher.publish, rendering.pk)
        looks.may_end.set()
        assert (await told(watcher))["sequence"] == 1


def in_own_connection(act: Any, *arguments: Any) -> None:
    try:
        act(*arguments)
    finally:
        connection.close()


async def test_nobody_is_told_anything_before_it_is_known_that_they_may_watch(
    rendering: Session, watch: Watch, looks: Looks
) -> None:
    stranger = await in_thread(factories.user)("stranger")
    client = await in_thread(signed_in)(stranger)
    theirs = Watch(Login(stranger.pk, client.session.row_key, stranger.password), rendering.pk)
    looks.may_end.clear()
    async with many(watch, 1) as [mine], many(theirs, 1) as [other]:
        hears = asyncio.create_task(anext(other, None))
        await until(looks.has_read)
        await asyncio.to_thread(in_own_connection, publisher.publish, rendering.pk)
        looks.may_end.set()
        assert (await told(mine))["session"] == str(rendering.pk)
        assert await asyncio.wait_for(hears, 60) is None
        assert other.code == NOT_YOURS


async def test_a_hundred_that_stay_are_looked_at_with_the_queries_of_one(
    watch: Watch, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(watch, CROWD) as watchers:
        for watcher in watchers:
            await told(watcher)
        before = len(looks.queries)
        looks.has_read.clear()
        await until(looks.has_read)
        looks.has_read.clear()
        await until(looks.has_read)
    assert set(looks.queries[before:]) == {2}
    assert set(looks.asked) == {1}, "all of them are one browser before one session"


@pytest.mark.usefixtures("no_messages")
async def test_a_log_out_whose_message_is_lost_ends_all_its_sockets(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(watch, CROWD) as watchers:
        for watcher in watchers:
            await told(watcher)
        await in_thread(BrowserSession.objects.all().delete)()
        assert [await ended(watcher) for watcher in watchers] == [NOT_YOURS] * CROWD


@pytest.mark.usefixtures("no_messages")
async def test_news_whose_message_is_lost_are_found_in_the_rows(
    watch: Watch, rendering: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(watch, 2) as watchers:
        assert [(await told(watcher))["sequence"] for watcher in watchers] == [0, 0]
        await in_thread(publisher.publish)(rendering.pk)
        assert [(await told(watcher))["sequence"] for watcher in watchers] == [1, 1]


async def test_a_page_that_comes_makes_the_others_hear_nothing_again(watch: Watch) -> None:
    async with many(watch, 1) as [first]:
        await told(first)
        async with many(watch, 1) as [second]:
            await told(second)
            with pytest.raises(TimeoutError):
                await told(first, seconds=0.2)


async def test_whoever_comes_gets_the_rows_and_not_what_was_said_last(watch: Watch) -> None:
    async with many(watch, 1) as [first]:
        assert (await told(first))["current"] == 200
        await in_thread(Render.objects.update)(current=300)
        async with many(watch, 1) as [second]:
            assert (await told(second))["current"] == 300


async def test_a_burst_of_news_ends_with_the_last_and_old_ones_are_left_out(watch: Watch, rendering: Session) -> None:
    def burst() -> None:
        for _ in range(300):
            publisher.publish(rendering.pk)

    async with many(watch, 1) as [watcher]:
        await told(watcher)
        await in_thread(burst)()
        sequences = [0]
        while sequences[-1] < 300:
            sequences.append((await told(watcher))["sequence"])
        assert sequences == sorted(set(sequences))


async def test_older_news_that_arrive_late_are_dropped(watch: Watch) -> None:
    async with many(watch, 1) as [watcher]:
        await told(watcher)
        for sequence in (7, 6):
            await asyncio.to_thread(
                publisher._send,
                {"session": str(watch.session_id), "sequence": sequence, "snapshot": f'{{"n": {sequence}}}'},
            )
        assert await told(watcher) == {"n": 7}
        with pytest.raises(TimeoutError):
            await told(watcher, seconds=0.2)


async def test_without_a_channel_layer_the_news_come_from_the_rows(
    watch: Watch, rendering: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(layer: InMemoryChannelLayer, *arguments: object) -> None:
        raise ConnectionRefusedError("Redis is away")

    monkeypatch.setattr(InMemoryChannelLayer, "group_add", away)
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(watch, 1) as [watcher]:
        assert (await told(watcher))["sequence"] == 0
        await in_thread(publisher.publish)(rendering.pk)
        assert (await told(watcher))["sequence"] == 1


async def test_a_subscription_is_renewed_after_the_layer_was_away(
    watch: Watch, rendering: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = InMemoryChannelLayer.group_add, iter([ConnectionRefusedError("Redis is away")])

    async def back_at_once(layer: InMemoryChannelLayer, group: str, channel: str) -> None:
        for error in tries:
            raise error
        await real(layer, group, channel)

    monkeypatch.setattr(InMemoryChannelLayer, "group_add", back_at_once)
    monkeypatch.setattr(subscriptions, "LAYER_SECONDS", 0.05)
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 3600)  # the rows would tell the same
    layer = get_channel_layer()
    assert isinstance(layer, InMemoryChannelLayer)
    async with many(watch, 1) as [watcher]:
        await told(watcher)
        while publisher.GROUP not in layer.groups:
            await asyncio.sleep(0.01)
        await in_thread(publisher.publish)(rendering.pk)
        assert (await told(watcher))["sequence"] == 1


async def test_while_the_database_is_away_nobody_is_let_in(watch: Watch, looks: Looks) -> None:
    async with many(watch, 1) as [inside]:
        await told(inside)
        looks.fails = True
        async with many(watch, 1) as [outside]:
            assert await ended(outside) == TRY_AGAIN
        assert inside.code is None


async def test_while_the_database_is_away_whoever_was_let_in_stays_for_some_seconds(
    watch: Watch, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(watch, 1) as [watcher]:
        await told(watcher)
        looks.fails = True
        with pytest.raises(TimeoutError):
            await ended(watcher, seconds=0.5)
        monkeypatch.setattr(subscriptions, "TRUST_SECONDS", 0.1)
        assert await ended(watcher) == TRY_AGAIN


async def test_a_database_that_never_answers_is_away(
    watch: Watch, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "TRUST_SECONDS", 0.1)
    looks.may_end.clear()
    async with many(watch, 1) as [watcher]:
        assert await ended(watcher) == TRY_AGAIN
        looks.may_end.set()


async def test_a_fault_of_the_desk_closes_its_sockets_and_the_next_ones_get_another(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    async with many(watch, 2) as watchers:
        for watcher in watchers:
            await told(watcher)
        await asyncio.to_thread(publisher._send, {"session": "no id"})
        assert [await ended(watcher) for watcher in watchers] == [TRY_AGAIN, TRY_AGAIN]
        assert "sockets are closed" in caplog.text
        async with many(watch, 1) as [another]:
            assert (await told(another))["current"] == 200


async def test_a_desk_is_not_in_the_circumstances_of_its_first_socket(watch: Watch, looks: Looks) -> None:
    with log_context.bind(request="of the first socket"):
        async with many(watch, 1) as [watcher]:
            await told(watcher)
    assert looks.circumstances == {}


async def test_a_desk_that_was_closed_is_opened_anew(watch: Watch, rendering: Session) -> None:
    for sequence in range(3):
        async with many(watch, 2) as watchers:
            assert [(await told(watcher))["sequence"] for watcher in watchers] == [sequence] * 2
        await in_thread(publisher.publish)(rendering.pk)
