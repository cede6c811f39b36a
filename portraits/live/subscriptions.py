"""Hub of a process's sockets: one subscription to the channel layer, and one periodic check of all rights.

A socket costs no query of its own. A new subscriber, and one whose rights are in doubt, waits for the next check; those
that come while one is under way share the one after it, which therefore reads rows that are newer than their
subscription. Every few seconds all of them are checked, which also finds what a lost message would have said.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import Error

from portraits.live import authorization, publisher
from portraits.live.authorization import Subscription
from portraits.live.publisher import Snapshot
from portraits.queue import broker

log = logging.getLogger(__name__)

NOT_FOUND = 4404
"""Closing code for a session that is not there for this person; says no more than a 404."""
TRY_AGAIN = 1013
"""Closing code while rights cannot be checked; the page connects again after a while."""

CHECK_SECONDS = 4.0
"""Longest pause between two checks of all subscribers; scattered, so that processes do not all check at once."""
GRACE_SECONDS = 15.0
"""Seconds for which a socket stays open that cannot be checked because the database is away."""
LAYER_SECONDS = 2.0
"""Longest time in which the channel layer adds or discards our channel, and the pause after it was away."""
RENEW_SECONDS = 3600.0
"""Seconds after which our channel is added again; a membership ends by itself after a day."""
WAKE_BATCH = 50
"""Sockets that are written to before other requests get their turn."""

_authorize = database_sync_to_async(authorization.authorize)


class Topic:
    """Subscribers of this process to one session, and its newest snapshot."""

    def __init__(self, session_id: UUID) -> None:
        self.session_id = session_id
        self.subscribers: set[Subscriber] = set()
        self.snapshot: Snapshot | None = None
        self.version = 0

    def take_message(self, snapshot: Snapshot) -> None:
        """Take a snapshot from a message, unless it is older."""
        if self.snapshot is None or snapshot.sequence >= self.snapshot.sequence:
            self.snapshot = snapshot
            self.version += 1

    def take_row(self, snapshot: Snapshot) -> None:
        """Take a snapshot from the rows. The same number again is for subscribers that have come only now."""
        if self.snapshot is not None and snapshot.sequence == self.snapshot.sequence:
            self.snapshot = snapshot
        else:
            self.take_message(snapshot)


class Subscriber:
    """Subscriber of one socket: iterates over the snapshots that it has to send, older ones left out."""

    def __init__(self, subscription: Subscription, topic: Topic) -> None:
        self.subscription = subscription
        self.topic = topic
        self.code: int | None = None
        """Closing code, once there are no more snapshots."""
        self.authorized_at: float | None = None
        """Moment of the last check that it passed, by the loop's clock; None before, when it is sent nothing."""
        self._sent_version = 0
        self._woken = asyncio.Event()

    def allow(self) -> None:
        self.authorized_at = asyncio.get_running_loop().time()

    def end(self, code: int) -> None:
        self.code = code

    def wake(self) -> None:
        self._woken.set()

    def __aiter__(self) -> Subscriber:
        return self

    async def __anext__(self) -> str:
        while self.code is None:
            snapshot = self.topic.snapshot
            if self.authorized_at is not None and snapshot is not None and self._sent_version != self.topic.version:
                self._sent_version = self.topic.version
                return snapshot.text
            self._woken.clear()
            await self._woken.wait()
        raise StopAsyncIteration


class Hub:
    """Hub of one process. It runs as long as there are subscribers."""

    def __init__(self) -> None:
        self._topics: dict[UUID, Topic] = {}
        self._due: set[Subscriber] = set()
        self._requested = asyncio.Event()
        self._subscribed = asyncio.Event()
        # Not in the log context of the socket that happens to be the first.
        self._work = asyncio.create_task(self._run(), context=Context())
        self._work.add_done_callback(self._fail)

    @property
    def running(self) -> bool:
        return not self._work.done()

    @property
    def empty(self) -> bool:
        return not self._topics

    def add(self, subscription: Subscription) -> Subscriber:
        topic = self._topics.setdefault(subscription.session_id, Topic(subscription.session_id))
        subscriber = Subscriber(subscription, topic)
        topic.subscribers.add(subscriber)
        self._request_check([subscriber])
        return subscriber

    def remove(self, subscriber: Subscriber) -> None:
        topic = subscriber.topic
        topic.subscribers.discard(subscriber)
        self._due.discard(subscriber)
        if not topic.subscribers:
            self._topics.pop(topic.session_id, None)

    async def close(self) -> None:
        self._work.cancel()
        await asyncio.wait([self._work])

    def _fail(self, work: asyncio.Task[None]) -> None:
        """Close all sockets after a fault of ours: none may stay open that is not checked."""
        if work.cancelled():
            return
        log.error("sockets are closed", exc_info=work.exception())
        for subscriber in self._subscribers():
            subscriber.end(TRY_AGAIN)
            subscriber.wake()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._run_checks())
            tasks.create_task(self._recheck_all())

    # --- messages

    async def _listen(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        try:
            while True:
                try:
                    await self._receive_all(layer, channel)
                except broker.away() as error:
                    log.warning("there are no messages (%s); pages get snapshots from the rows", error)
                    self._subscribed.set()
                    await asyncio.sleep(LAYER_SECONDS)
        finally:
            with suppress(*broker.away()):
                async with asyncio.timeout(LAYER_SECONDS):
                    await layer.group_discard(publisher.GROUP, channel)

    async def _receive_all(self, layer: Any, channel: str) -> None:
        """Receive messages until it is time to add our channel again."""
        async with asyncio.timeout(LAYER_SECONDS):
            await layer.group_add(publisher.GROUP, channel)
        self._subscribed.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(RENEW_SECONDS):
                while True:
                    await self._handle(await layer.receive(channel))

    async def _handle(self, message: dict[str, Any]) -> None:
        match message:
            case {"session": session, "sequence": sequence, "snapshot": text}:
                topic = self._topics.get(UUID(session))
                if topic is not None:
                    topic.take_message(Snapshot(sequence, text))
                    await _wake(topic.subscribers)
            case {"session": session}:
                topic = self._topics.get(UUID(session))
                self._request_check(topic.subscribers if topic is not None else ())
            case {"user": user_id}:
                everybody = self._subscribers()
                self._request_check(each for each in everybody if each.subscription.credentials.user_id == user_id)

    # --- checks

    def _subscribers(self) -> list[Subscriber]:
        return [subscriber for topic in self._topics.values() for subscriber in topic.subscribers]

    def _request_check(self, subscribers: Iterable[Subscriber]) -> None:
        """Have subscribers checked in the next check."""
        self._due.update(subscribers)
        self._requested.set()

    async def _recheck_all(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS * random.uniform(0.75, 1))
            self._request_check(self._subscribers())

    async def _run_checks(self) -> None:
        """Run the checks, one at a time."""
        await self._subscribed.wait()
        while True:
            await self._requested.wait()
            self._requested.clear()
            due, self._due = self._due, set()
            if due:
                await self._check(due)

    async def _check(self, due: set[Subscriber]) -> None:
        topics = {subscriber.topic for subscriber in due}
        new = {subscriber.topic for subscriber in due if subscriber.authorized_at is None}
        known = {topic.session_id: topic.snapshot.sequence for topic in topics - new if topic.snapshot is not None}
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                found = await _authorize({subscriber.subscription for subscriber in due}, known)
        except (Error, TimeoutError) as error:
            log.warning("rights cannot be checked: the database is away (%s)", error)
            _end_unchecked(due)
        else:
            for topic in topics:
                if topic.session_id in found.snapshots:
                    topic.take_row(found.snapshots[topic.session_id])
            for subscriber in due:
                subscriber.allow() if subscriber.subscription in found.allowed else subscriber.end(NOT_FOUND)
        await _wake(subscriber for topic in topics for subscriber in topic.subscribers)


def _end_unchecked(due: Iterable[Subscriber]) -> None:
    """End subscribers whose last check is too long ago, and those that never passed one."""
    now = asyncio.get_running_loop().time()
    for subscriber in due:
        if subscriber.authorized_at is None or now - subscriber.authorized_at > GRACE_SECONDS:
            subscriber.end(TRY_AGAIN)


async def _wake(subscribers: Iterable[Subscriber]) -> None:
    for number, subscriber in enumerate(list(subscribers), 1):
        subscriber.wake()
        if number % WAKE_BATCH == 0:
            await asyncio.sleep(0)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


@asynccontextmanager
async def subscribe(subscription: Subscription) -> AsyncIterator[Subscriber]:
    """Subscribe at the hub of this process, which is opened for the first subscriber and closed after the last."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None or not hub.running:
        hub = _hubs[loop] = Hub()
    subscriber = hub.add(subscription)
    try:
        yield subscriber
    finally:
        hub.remove(subscriber)
        if hub.empty:
            if _hubs.get(loop) is hub:
                del _hubs[loop]
            await hub.close()
