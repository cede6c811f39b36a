"""Who watches what in this process: one subscription to the news, and one look at whether everybody still may.

A socket costs no query of its own. Whoever comes, and whoever is doubted, waits for the next look; those who come
while one is under way share the one after it, which therefore reads rows that are newer than their subscription.
Every few seconds all of them are looked at, and what a lost message would have said is found then too.
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
from portraits.live.authorization import Watch
from portraits.live.publisher import News
from portraits.queue import broker

log = logging.getLogger(__name__)

NOT_YOURS = 4404
"""Closing code for whatever is not there for this person; says no more than a 404."""
TRY_AGAIN = 1013
"""Closing code while nobody can say who may watch; the page connects again after a while."""

CHECK_SECONDS = 4.0
"""At most, between two looks at everybody; scattered, so that processes do not all look at once."""
TRUST_SECONDS = 15.0
"""How long a socket stays open that cannot be looked at because the database is away."""
LAYER_SECONDS = 2.0
"""How long the channel layer may take to let us in or out, and the pause after it was away."""
RENEW_SECONDS = 3600.0
"""A subscription ends by itself after a day."""
WOKEN_AT_ONCE = 50
"""Sockets that are written to before anybody else's request gets its turn."""

_look = database_sync_to_async(authorization.look)


class Room:
    """Everybody in this process who watches one session, and the newest that is known of it."""

    def __init__(self, session_id: UUID) -> None:
        self.session_id = session_id
        self.watchers: set[Watcher] = set()
        self.news: News | None = None
        self.version = 0

    def hear(self, news: News) -> None:
        """From a message. One with the same number may be another: a publication that was rolled back had it too."""
        if self.news is None or news.sequence >= self.news.sequence:
            self.news = news
            self.version += 1

    def read(self, news: News) -> None:
        """From the rows. The same number again is for those who have come only now."""
        if self.news is not None and news.sequence == self.news.sequence:
            self.news = news
        else:
            self.hear(news)


class Watcher:
    """One socket: iterates over the snapshots that it has to send, older ones left out.

    code: why it has to close, once there are no more.
    """

    def __init__(self, watch: Watch, room: Room) -> None:
        self.watch = watch
        self.room = room
        self.code: int | None = None
        self.seen: float | None = None
        """When it was last found that it may watch; None before the first time, when it is told nothing."""
        self._told = 0
        self._woken = asyncio.Event()

    def admit(self) -> None:
        self.seen = asyncio.get_running_loop().time()

    def end(self, code: int) -> None:
        self.code = code

    def wake(self) -> None:
        self._woken.set()

    def __aiter__(self) -> Watcher:
        return self

    async def __anext__(self) -> str:
        while self.code is None:
            news = self.room.news
            if self.seen is not None and news is not None and self._told != self.room.version:
                self._told = self.room.version
                return news.text
            self._woken.clear()
            await self._woken.wait()
        raise StopAsyncIteration


class Desk:
    """Of one process. It works as long as somebody watches."""

    def __init__(self) -> None:
        self._rooms: dict[UUID, Room] = {}
        self._due: set[Watcher] = set()
        self._asked = asyncio.Event()
        self._subscribed = asyncio.Event()
        # Not in the circumstances of the socket that happens to be the first.
        self._work = asyncio.create_task(self._run(), context=Context())
        self._work.add_done_callback(self._broken)

    @property
    def works(self) -> bool:
        return not self._work.done()

    @property
    def deserted(self) -> bool:
        return not self._rooms

    def enter(self, watch: Watch) -> Watcher:
        room = self._rooms.setdefault(watch.session_id, Room(watch.session_id))
        watcher = Watcher(watch, room)
        room.watchers.add(watcher)
        self._ask([watcher])
        return watcher

    def leave(self, watcher: Watcher) -> None:
        room = watcher.room
        room.watchers.discard(watcher)
        self._due.discard(watcher)
        if not room.watchers:
            self._rooms.pop(room.session_id, None)

    async def close(self) -> None:
        self._work.cancel()
        await asyncio.wait([self._work])

    def _broken(self, work: asyncio.Task[None]) -> None:
        """A fault of ours must not leave anybody watching unwatched."""
        if work.cancelled():
            return
        log.error("sockets are closed", exc_info=work.exception())
        for watcher in self._everybody():
            watcher.end(TRY_AGAIN)
            watcher.wake()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._answer())
            tasks.create_task(self._doubt_everybody())

    # --- news

    async def _listen(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        try:
            while True:
                try:
                    await self._hear_all(layer, channel)
                except broker.away() as error:
                    log.warning("there are no messages (%s); pages get the news from the rows", error)
                    self._subscribed.set()
                    await asyncio.sleep(LAYER_SECONDS)
        finally:
            with suppress(*broker.away()):
                async with asyncio.timeout(LAYER_SECONDS):
                    await layer.group_discard(publisher.GROUP, channel)

    async def _hear_all(self, layer: Any, channel: str) -> None:
        """Until it is time to subscribe again."""
        async with asyncio.timeout(LAYER_SECONDS):
            await layer.group_add(publisher.GROUP, channel)
        self._subscribed.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(RENEW_SECONDS):
                while True:
                    await self._hear(await layer.receive(channel))

    async def _hear(self, message: dict[str, Any]) -> None:
        match message:
            case {"session": session, "sequence": sequence, "snapshot": text}:
                room = self._rooms.get(UUID(session))
                if room is not None:
                    room.hear(News(sequence, text))
                    await _wake(room.watchers)
            case {"session": session}:
                room = self._rooms.get(UUID(session))
                self._ask(room.watchers if room is not None else ())
            case {"user": user_id}:
                self._ask(watcher for watcher in self._everybody() if watcher.watch.login.user_id == user_id)

    # --- looks

    def _everybody(self) -> list[Watcher]:
        return [watcher for room in self._rooms.values() for watcher in room.watchers]

    def _ask(self, watchers: Iterable[Watcher]) -> None:
        """For the next look."""
        self._due.update(watchers)
        self._asked.set()

    async def _doubt_everybody(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS * random.uniform(0.75, 1))
            self._ask(self._everybody())

    async def _answer(self) -> None:
        """One look at a time."""
        await self._subscribed.wait()
        while True:
            await self._asked.wait()
            self._asked.clear()
            due, self._due = self._due, set()
            if due:
                await self._look_at(due)

    async def _look_at(self, due: set[Watcher]) -> None:
        rooms = {watcher.room for watcher in due}
        entered = {watcher.room for watcher in due if watcher.seen is None}
        known = {room.session_id: room.news.sequence for room in rooms - entered if room.news is not None}
        try:
            async with asyncio.timeout(TRUST_SECONDS):
                finding = await _look({watcher.watch for watcher in due}, known)
        except (Error, TimeoutError) as error:
            log.warning("the database does not say who may watch (%s)", error)
            _distrust(due)
        else:
            for room in rooms:
                if room.session_id in finding.news:
                    room.read(finding.news[room.session_id])
            for watcher in due:
                watcher.admit() if watcher.watch in finding.allowed else watcher.end(NOT_YOURS)
        await _wake(watcher for room in rooms for watcher in room.watchers)


def _distrust(due: Iterable[Watcher]) -> None:
    """Whoever was let in a moment ago may stay for now; nobody is let in."""
    now = asyncio.get_running_loop().time()
    for watcher in due:
        if watcher.seen is None or now - watcher.seen > TRUST_SECONDS:
            watcher.end(TRY_AGAIN)


async def _wake(watchers: Iterable[Watcher]) -> None:
    for number, watcher in enumerate(list(watchers), 1):
        watcher.wake()
        if number % WOKEN_AT_ONCE == 0:
            await asyncio.sleep(0)


_desks: WeakKeyDictionary[asyncio.AbstractEventLoop, Desk] = WeakKeyDictionary()


@asynccontextmanager
async def watching(watch: Watch) -> AsyncIterator[Watcher]:
    """A place at the desk of this process, which is opened for the first one and closed after the last."""
    loop = asyncio.get_running_loop()
    desk = _desks.get(loop)
    if desk is None or not desk.works:
        desk = _desks[loop] = Desk()
    watcher = desk.enter(watch)
    try:
        yield watcher
    finally:
        desk.leave(watcher)
        if desk.deserted:
            if _desks.get(loop) is desk:
                del _desks[loop]
            await desk.close()
