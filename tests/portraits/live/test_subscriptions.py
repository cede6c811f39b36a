"""Hub of a process: what it sends to whom, when it checks rights, and what it does without an answer."""

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
from portraits.live.authorization import Authorization, Credentials, Subscription
from portraits.live.subscriptions import NOT_FOUND, TRY_AGAIN, Subscriber
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
def subscription(rendering: Session, owner: User) -> Subscription:
    return Subscription(Credentials(owner.pk, signed_in(owner).session.row_key, owner.password), rendering.pk)


@pytest.fixture(autouse=True)
async def the_tests_own_loop() -> AsyncIterator[None]:
    """Event loop as the server's; nothing is left of it afterwards."""
    publisher.use_loop(asyncio.get_running_loop())
    yield
    publisher.use_loop(None)
    assert not subscriptions._hubs
    layer = get_channel_layer()
    assert isinstance(layer, InMemoryChannelLayer)
    assert publisher.GROUP not in layer.groups


@pytest.fixture
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are lost."""
    monkeypatch.setattr(publisher, "_send", lambda message: None)


class Checks:
    """Record of the hub's checks and their queries; a check is held back while `may_end` is not set."""

    def __init__(self) -> None:
        self.queries: list[int] = []
        self.asked: list[int] = []
        self.has_read = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()
        self.fails = False
        self.log_context: Mapping[str, str] | None = None

    def __call__(self, subscriptions_asked: Collection[Subscription], known: Mapping[UUID, int]) -> Authorization:
        if self.fails:
            raise OperationalError("the database is away")
        with CaptureQueriesContext(connection) as captured:
            found = authorization.authorize(subscriptions_asked, known)
        self.queries.append(len(captured))
        self.asked.append(len(subscriptions_asked))
        self.log_context = log_context.current()
        self.has_read.set()
        assert self.may_end.wait(60)
        return found


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    checks = Checks()
    # In threads of their own, so that a check that is held back holds no other.
    monkeypatch.setattr(subscriptions, "_authorize", database_sync_to_async(checks, thread_sensitive=False))
    return checks


@asynccontextmanager
async def many(subscription: Subscription, number: int) -> AsyncIterator[list[Subscriber]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(subscriptions.subscribe(subscription)) for _ in range(number)]


async def told(subscriber: Subscriber, seconds: float = 60) -> dict[str, Any]:
    snapshot: dict[str, Any] = json.loads(await asyncio.wait_for(anext(subscriber), seconds))
    return snapshot


async def ended(subscriber: Subscriber, seconds: float = 60) -> int | None:
    """The closing code, whatever is told before."""
    async with asyncio.timeout(seconds):
        async for _ in subscriber:
            pass
    return subscriber.code


async def until(happened: threading.Event) -> None:
    assert await asyncio.to_thread(happened.wait, 5)


async def test_subscribers_that_come_during_a_check_share_the_next(subscription: Subscription, checks: Checks) -> None:
    checks.may_end.clear()
    async with many(subscription, 1) as [first]:
        await until(checks.has_read)
        async with many(subscription, CROWD) as others:
            checks.may_end.set()
            for subscriber in (first, *others):
                assert (await told(subscriber))["current"] == 200
    assert len(checks.queries) == 2


async def test_a_change_between_the_check_and_its_answer_is_not_missed(
    subscription: Subscription, rendering: Session, checks: Checks
) -> None:
    checks.may_end.clear()
    async with many(subscription, 1) as [subscriber]:
        await until(checks.has_read)
        await asyncio.to_thread(in_own_connection, publisher.publish, rendering.pk)
        checks.may_end.set()
        assert (await told(subscriber))["sequence"] == 1


def in_own_connection(act: Any, *arguments: Any) -> None:
    try:
        act(*arguments)
    finally:
        connection.close()


async def test_nothing_is_sent_before_the_first_check_is_passed(
    rendering: Session, subscription: Subscription, checks: Checks
) -> None:
    stranger = await in_thread(factories.user)("stranger")
    client = await in_thread(signed_in)(stranger)
    theirs = Subscription(Credentials(stranger.pk, client.session.row_key, stranger.password), rendering.pk)
    checks.may_end.clear()
    async with many(subscription, 1) as [mine], many(theirs, 1) as [other]:
        hears = asyncio.create_task(anext(other, None))
        await until(checks.has_read)
        await asyncio.to_thread(in_own_connection, publisher.publish, rendering.pk)
        checks.may_end.set()
        assert (await told(mine))["session"] == str(rendering.pk)
        assert await asyncio.wait_for(hears, 60) is None
        assert other.code == NOT_FOUND


async def test_a_hundred_that_stay_are_checked_with_the_queries_of_one(
    subscription: Subscription, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(subscription, CROWD) as subscribers:
        for subscriber in subscribers:
            await told(subscriber)
        before = len(checks.queries)
        checks.has_read.clear()
        await until(checks.has_read)
        checks.has_read.clear()
        await until(checks.has_read)
    assert set(checks.queries[before:]) == {2}
    assert set(checks.asked) == {1}, "all of them are one browser before one session"


@pytest.mark.usefixtures("no_messages")
async def test_a_log_out_whose_message_is_lost_ends_all_its_sockets(
    subscription: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(subscription, CROWD) as subscribers:
        for subscriber in subscribers:
            await told(subscriber)
        await in_thread(BrowserSession.objects.all().delete)()
        assert [await ended(subscriber) for subscriber in subscribers] == [NOT_FOUND] * CROWD


@pytest.mark.usefixtures("no_messages")
async def test_a_snapshot_whose_message_is_lost_is_found_in_the_rows(
    subscription: Subscription, rendering: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(subscription, 2) as subscribers:
        assert [(await told(subscriber))["sequence"] for subscriber in subscribers] == [0, 0]
        await in_thread(publisher.publish)(rendering.pk)
        assert [(await told(subscriber))["sequence"] for subscriber in subscribers] == [1, 1]


async def test_a_page_that_comes_makes_the_others_hear_nothing_again(subscription: Subscription) -> None:
    async with many(subscription, 1) as [first]:
        await told(first)
        async with many(subscription, 1) as [second]:
            await told(second)
            with pytest.raises(TimeoutError):
                await told(first, seconds=0.2)


async def test_a_new_subscriber_gets_the_rows_and_not_the_last_message(subscription: Subscription) -> None:
    async with many(subscription, 1) as [first]:
        assert (await told(first))["current"] == 200
        await in_thread(Render.objects.update)(current=300)
        async with many(subscription, 1) as [second]:
            assert (await told(second))["current"] == 300


async def test_a_burst_of_snapshots_ends_with_the_last_and_old_ones_are_left_out(
    subscription: Subscription, rendering: Session
) -> None:
    def burst() -> None:
        for _ in range(300):
            publisher.publish(rendering.pk)

    async with many(subscription, 1) as [subscriber]:
        await told(subscriber)
        await in_thread(burst)()
        sequences = [0]
        while sequences[-1] < 300:
            sequences.append((await told(subscriber))["sequence"])
        assert sequences == sorted(set(sequences))


async def test_older_snapshots_that_arrive_late_are_dropped(subscription: Subscription) -> None:
    async with many(subscription, 1) as [subscriber]:
        await told(subscriber)
        for sequence in (7, 6):
            await asyncio.to_thread(
                publisher._send,
                {"session": str(subscription.session_id), "sequence": sequence, "snapshot": f'{{"n": {sequence}}}'},
            )
        assert await told(subscriber) == {"n": 7}
        with pytest.raises(TimeoutError):
            await told(subscriber, seconds=0.2)


async def test_without_a_channel_layer_snapshots_come_from_the_rows(
    subscription: Subscription, rendering: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(layer: InMemoryChannelLayer, *arguments: object) -> None:
        raise ConnectionRefusedError("Redis is away")

    monkeypatch.setattr(InMemoryChannelLayer, "group_add", away)
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(subscription, 1) as [subscriber]:
        assert (await told(subscriber))["sequence"] == 0
        await in_thread(publisher.publish)(rendering.pk)
        assert (await told(subscriber))["sequence"] == 1


async def test_a_subscription_is_renewed_after_the_layer_was_away(
    subscription: Subscription, rendering: Session, monkeypatch: pytest.MonkeyPatch
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
    async with many(subscription, 1) as [subscriber]:
        await told(subscriber)
        while publisher.GROUP not in layer.groups:
            await asyncio.sleep(0.01)
        await in_thread(publisher.publish)(rendering.pk)
        assert (await told(subscriber))["sequence"] == 1


async def test_while_the_database_is_away_no_subscriber_is_added(subscription: Subscription, checks: Checks) -> None:
    async with many(subscription, 1) as [inside]:
        await told(inside)
        checks.fails = True
        async with many(subscription, 1) as [outside]:
            assert await ended(outside) == TRY_AGAIN
        assert inside.code is None


async def test_while_the_database_is_away_subscribers_stay_for_some_seconds(
    subscription: Subscription, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    async with many(subscription, 1) as [subscriber]:
        await told(subscriber)
        checks.fails = True
        with pytest.raises(TimeoutError):
            await ended(subscriber, seconds=0.5)
        monkeypatch.setattr(subscriptions, "GRACE_SECONDS", 0.1)
        assert await ended(subscriber) == TRY_AGAIN


async def test_a_database_that_never_answers_is_away(
    subscription: Subscription, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "GRACE_SECONDS", 0.1)
    checks.may_end.clear()
    async with many(subscription, 1) as [subscriber]:
        assert await ended(subscriber) == TRY_AGAIN
        checks.may_end.set()


async def test_a_fault_of_the_hub_closes_its_sockets_and_the_next_ones_get_another(
    subscription: Subscription, caplog: pytest.LogCaptureFixture
) -> None:
    async with many(subscription, 2) as subscribers:
        for subscriber in subscribers:
            await told(subscriber)
        await asyncio.to_thread(publisher._send, {"session": "no id"})
        assert [await ended(subscriber) for subscriber in subscribers] == [TRY_AGAIN, TRY_AGAIN]
        assert "sockets are closed" in caplog.text
        async with many(subscription, 1) as [another]:
            assert (await told(another))["current"] == 200


async def test_a_hub_is_not_in_the_log_context_of_its_first_socket(subscription: Subscription, checks: Checks) -> None:
    with log_context.bind(request="of the first socket"):
        async with many(subscription, 1) as [subscriber]:
            await told(subscriber)
    assert checks.log_context == {}


async def test_a_hub_that_was_closed_is_opened_anew(subscription: Subscription, rendering: Session) -> None:
    for sequence in range(3):
        async with many(subscription, 2) as subscribers:
            assert [(await told(subscriber))["sequence"] for subscriber in subscribers] == [sequence] * 2
        await in_thread(publisher.publish)(rendering.pk)
