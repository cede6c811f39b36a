"""Turns of one client's requests."""

from __future__ import annotations

import asyncio
from typing import Any

from gazesite.middleware.client_queue import ClientQueue

END = {"type": "http.request", "body": b"", "more_body": False}


class Site:
    """An application behind queue, two at a time, that answers when the test says so."""

    def __init__(self) -> None:
        self.working = 0
        self.answers = asyncio.Event()
        self.ends = asyncio.Event()
        self.queue = ClientQueue(self, exempt=["/livez"], exempt_posts=["/upload/"], most=2)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        self.working += 1
        await self.answers.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.ends.wait()

    async def ask(self, client: str, path: str = "/", method: str = "GET") -> asyncio.Task[None]:
        """One request more, as far as it gets."""

        async def receive() -> Any:
            return END

        async def send(_message: Any) -> None:
            pass

        scope = {"type": "http", "client": (client, 1) if client else None, "path": path, "method": method}
        task = asyncio.create_task(self.queue(scope, receive, send))
        await self.settle()
        return task

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)


async def test_one_clients_requests_wait_for_each_other_and_others_do_not() -> None:
    site = Site()
    tasks = [await site.ask("192.0.2.1") for _ in range(5)]
    assert site.working == 2
    tasks.append(await site.ask("192.0.2.2"))
    tasks.append(await site.ask("192.0.2.1", "/livez"))
    tasks.append(await site.ask(""))
    assert site.working == 5
    site.answers.set()
    site.ends.set()
    await asyncio.gather(*tasks)
    assert site.working == 8


async def test_only_posts_of_uploads_are_free_of_turns() -> None:
    site = Site()
    tasks = [await site.ask("192.0.2.1") for _ in range(2)]
    tasks += [await site.ask("192.0.2.1", "/upload/", method) for method in ("GET", "HEAD", "PUT", "OPTIONS", "post")]
    assert site.working == 2
    tasks.append(await site.ask("192.0.2.1", "/upload/", "POST"))
    assert site.working == 3
    site.answers.set()
    site.ends.set()
    await asyncio.gather(*tasks)


async def test_a_turn_ends_when_the_answer_begins_so_that_slow_readers_hold_up_nobody() -> None:
    site = Site()
    site.answers.set()
    tasks = [await site.ask("192.0.2.1") for _ in range(5)]
    assert site.working == 5
    site.ends.set()
    await asyncio.gather(*tasks)


async def test_a_request_that_is_given_up_gives_its_turn_back() -> None:
    site = Site()
    tasks = [await site.ask("192.0.2.1") for _ in range(3)]
    for task in tasks[:2]:
        task.cancel()
    await asyncio.gather(*tasks[:2], return_exceptions=True)
    await site.settle()
    assert site.working == 3
    waiting = await site.ask("192.0.2.1")
    again = await site.ask("192.0.2.1")
    again.cancel()
    site.answers.set()
    site.ends.set()
    await asyncio.gather(waiting, again, tasks[2], return_exceptions=True)
    assert not site.queue._queues
