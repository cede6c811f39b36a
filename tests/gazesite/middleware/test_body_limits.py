"""The cap on bodies, driven as a server drives it: what is refused, when, and how much was read by then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from gazesite.asgi_types import Message, Receive, Scope, Send
from gazesite.middleware.body_limits import BodyLimitMiddleware, BodyLimits
from gazesite.middleware.proxy_headers import ProxyHeaders

UPLOAD_BYTES = 5_000
LIMITS = BodyLimits(uploads={"/upload": UPLOAD_BYTES}, usual=1_000)
JSON = (b"accept", b"application/json")


class Reader:
    """The application inside: it reads the whole body, as Django does, and answers with its length."""

    def __init__(self, last: Callable[[], Awaitable[None]] | None = None) -> None:
        self._last = last  # awaited between the body and the answer
        self.received = 0
        self.disconnected = False
        self.called = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.called = True
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected = True
                break
            self.received += len(message["body"])
            if not message["more_body"]:
                break
        if self._last is not None and not self.disconnected:
            await self._last()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % self.received})


class Exchange:
    """One request: a client that sends `chunks`, and what came back."""

    def __init__(self, *chunks: bytes, path: str = "/upload", headers: Any = (), method: str = "POST") -> None:
        self.scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": list(headers)}
        self.taken = 0
        self.sent: list[Message] = []
        self._chunks = chunks
        self.reader = Reader()

    async def receive(self) -> Message:
        if self.taken == len(self._chunks):
            await asyncio.Event().wait()  # a client that has gone quiet
        self.taken += 1
        more = self.taken < len(self._chunks)
        return {"type": "http.request", "body": self._chunks[self.taken - 1], "more_body": more}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def run(self, receive: Receive | None = None, limits: BodyLimits | None = None, **options: Any) -> Exchange:
        cap = BodyLimitMiddleware(self.reader, limits or LIMITS, **options)
        asyncio.run(asyncio.wait_for(cap(self.scope, receive or self.receive, self.send), 60))
        return self

    @property
    def status(self) -> int:
        starts = [message for message in self.sent if message["type"] == "http.response.start"]
        assert len(starts) == 1
        return int(starts[0]["status"])

    @property
    def header(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def code(self) -> str:
        answer = json.loads(self.body)
        assert answer["sentence"].endswith(".")
        return str(answer["code"])


def declared(length: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", length)


def signed_in(who: str | None) -> Callable[[Scope], Awaitable[str | None]]:
    async def person(_scope: Scope) -> str | None:
        return who

    return person


def test_a_body_within_the_cap_passes_unchanged() -> None:
    exchange = Exchange(b"a" * 3_000, b"b" * 2_000, headers=[declared(b"5000")]).run()
    assert (exchange.status, exchange.body) == (200, b"5000")


def test_a_body_of_exactly_the_cap_passes_and_one_byte_more_does_not() -> None:
    assert Exchange(b"a" * UPLOAD_BYTES).run().status == 200
    assert Exchange(b"a" * (UPLOAD_BYTES + 1)).run().status == 413


def test_other_addresses_take_small_bodies_only() -> None:
    assert Exchange(b"a" * 1_000, path="/settings").run().status == 200
    assert Exchange(b"a" * 1_001, path="/settings").run().status == 413
    assert Exchange(b"a" * 1_001, path="/upload/").run().status == 413


def test_case_02_a_declared_length_over_the_cap_is_refused_before_anything_is_read() -> None:
    exchange = Exchange(b"a" * 9_000, headers=[declared(b"5001"), JSON]).run()
    assert (exchange.status, exchange.code) == (413, "upload_too_large")
    assert exchange.taken == 0
    assert not exchange.reader.called


def test_case_02_a_chunked_body_is_cut_at_the_cap_and_the_application_finds_the_client_gone() -> None:
    exchange = Exchange(*[b"a" * 1_000] * 100, headers=[(b"transfer-encoding", b"chunked"), JSON]).run()
    assert (exchange.status, exchange.code) == (413, "upload_too_large")
    assert exchange.taken == 6
    assert exchange.reader.disconnected
    assert exchange.reader.received == UPLOAD_BYTES


def test_case_02_a_lying_length_is_cut_at_the_cap() -> None:
    exchange = Exchange(*[b"a" * 1_000] * 100, headers=[declared(b"10"), JSON]).run()
    assert exchange.status == 413
    assert exchange.taken == 6


def test_case_02_a_stranger_is_refused_before_anything_is_read() -> None:
    exchange = Exchange(b"a" * 2_000, headers=[JSON]).run(user_of=signed_in(None))
    assert (exchange.status, exchange.code) == (401, "sign_in_required")
    assert exchange.taken == 0
    assert not exchange.reader.called


def test_case_02_a_strangers_too_long_upload_is_refused_for_its_length() -> None:
    exchange = Exchange(b"", headers=[declared(b"839000000")]).run(user_of=signed_in(None))
    assert exchange.status == 413


def test_a_strangers_form_is_led_to_the_sign_in_page_and_back() -> None:
    exchange = Exchange(b"a").run(user_of=signed_in(None), sign_in="/sign-in/")
    assert exchange.status == 303
    assert exchange.header[b"location"] == b"/sign-in/?next=/upload"


@pytest.mark.parametrize(("path", "method"), [("/upload", "GET"), ("/settings", "POST")])
def test_only_uploads_ask_who_it_is(path: str, method: str) -> None:
    assert Exchange(b"a", path=path, method=method).run(user_of=signed_in(None)).status == 200


def test_where_guests_are_taken_a_stranger_uploads_and_sends_nothing_larger_elsewhere() -> None:
    guests = BodyLimits(uploads={"/upload": UPLOAD_BYTES}, usual=1_000, anonymous=100, anonymous_uploads=True)
    assert Exchange(b"a" * 2_000).run(limits=guests, user_of=signed_in(None)).status == 200
    assert Exchange(b"a" * 101, path="/settings").run(limits=guests, user_of=signed_in(None)).status == 413


def test_a_member_uploads() -> None:
    assert Exchange(b"a").run(user_of=signed_in("1")).status == 200


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"0x10", b"", b"12 13", b"\xd9\xa1", b"+5"])
def test_a_length_that_is_no_number_is_refused(length: bytes) -> None:
    exchange = Exchange(b"a", headers=[declared(length), JSON]).run()
    assert (exchange.status, exchange.code) == (400, "bad_length")
    assert not exchange.reader.called


def test_two_lengths_that_differ_are_refused() -> None:
    assert Exchange(b"a", headers=[declared(b"1"), declared(b"2")]).run().status == 400
    assert Exchange(b"a", headers=[declared(b"1"), declared(b"1")]).run().status == 200


def test_a_length_of_thousands_of_digits_is_too_large() -> None:
    assert Exchange(b"a", headers=[declared(b"9" * 10_000)]).run().status == 413
    assert Exchange(b"a", headers=[declared(b"0" * 10_000 + b"1")]).run().status == 200


def test_a_browser_gets_a_page_that_no_script_runs_in() -> None:
    exchange = Exchange(b"", headers=[declared(b"9999"), (b"accept", b"text/html,*/*")]).run()
    assert exchange.header[b"content-type"].startswith(b"text/html")
    assert b"Please send at most" in exchange.body
    assert b"default-src 'none'" in exchange.header[b"content-security-policy"]
    assert int(exchange.header[b"content-length"]) == len(exchange.body)
    assert exchange.header[b"connection"] == b"close"


def test_a_client_that_goes_quiet_is_let_go() -> None:
    class Quiet(Exchange):
        async def receive(self) -> Message:
            if self.taken:
                await asyncio.Event().wait()
            self.taken += 1
            return {"type": "http.request", "body": b"a", "more_body": True}

    exchange = Quiet(headers=[JSON]).run(idle_seconds=0.05)
    assert (exchange.status, exchange.code) == (408, "upload_too_slow")
    assert exchange.reader.disconnected


def test_a_body_that_drips_is_let_go() -> None:
    async def drops() -> AsyncIterator[Message]:
        while True:
            await asyncio.sleep(0.01)
            yield {"type": "http.request", "body": b"a", "more_body": True}

    source = drops()
    exchange = Exchange(headers=[JSON]).run(receive=lambda: anext(source), idle_seconds=5, overall_seconds=0.1)
    assert (exchange.status, exchange.code) == (408, "upload_too_slow")


def test_an_application_may_work_as_long_as_it_likes_once_the_body_is_there() -> None:
    class Pondering(Exchange):
        async def receive(self) -> Message:
            if self.taken == 0:
                self.taken = 1
                return {"type": "http.request", "body": b"a", "more_body": False}
            await asyncio.sleep(0.2)
            return {"type": "http.disconnect"}

    seen: list[str] = []

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([(await receive())["type"], (await receive())["type"]])

    exchange = Pondering()
    asyncio.run(
        BodyLimitMiddleware(waits, LIMITS, idle_seconds=0.05, overall_seconds=0.05)(
            exchange.scope, exchange.receive, exchange.send
        )
    )
    assert seen == ["http.request", "http.disconnect"]
    assert exchange.sent == []


def test_a_body_refused_in_the_middle_of_an_answer_ends_it_without_a_second_one() -> None:
    async def eager(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.body", "body": b"late"})

    exchange = Exchange(*[b"a" * 1_000] * 10)
    asyncio.run(BodyLimitMiddleware(eager, LIMITS)(exchange.scope, exchange.receive, exchange.send))
    assert [message["type"] for message in exchange.sent] == ["http.response.start"]


def test_sockets_pass_untouched() -> None:
    seen: list[Scope] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    exchange = Exchange()
    scope: Scope = {"type": "websocket", "path": "/upload"}
    asyncio.run(BodyLimitMiddleware(inner, LIMITS)(scope, exchange.receive, exchange.send))
    assert seen == [scope]


# ------------------------------------------------------------- from whom, and how many


def test_a_stranger_sends_a_form_and_nothing_larger_anywhere() -> None:
    few = BodyLimits(uploads={"/upload": UPLOAD_BYTES}, usual=1_000, anonymous=100)
    for headers in ([declared(b"101")], [(b"transfer-encoding", b"chunked")]):
        exchange = Exchange(b"a" * 101, path="/settings", headers=[*headers, JSON])
        assert exchange.run(limits=few, user_of=signed_in(None)).status == 413
        assert exchange.reader.received == 0
    assert Exchange(b"a" * 100, path="/settings").run(limits=few, user_of=signed_in(None)).status == 200
    chunked = Exchange(b"a" * 101, path="/settings", headers=[(b"transfer-encoding", b"chunked")])
    assert chunked.run(limits=few, user_of=signed_in("1")).status == 200


def test_nothing_is_read_before_it_is_known_who_sends_it() -> None:
    exchange = Exchange(b"a" * 2_000, headers=[JSON])
    read: list[int] = []

    async def person(_scope: Scope) -> str | None:
        read.append(exchange.taken)
        return None

    assert exchange.run(user_of=person).status == 401
    assert read == [0]


class Crowd:
    """Uploads that are all under way at once, from several clients and people."""

    def __init__(self, limits: BodyLimits, proxies: Sequence[str] = ()) -> None:
        self._done = asyncio.Event()
        self._cap = ProxyHeaders(BodyLimitMiddleware(self._reads, limits, user_of=self._person), proxies)

    async def outcomes(self, *uploads: tuple[str, str, int]) -> list[int]:
        """Status of each. An upload is a client's address, a person's name, and a length."""
        exchanges = [self._exchange(*upload) for upload in uploads]
        tasks = [asyncio.create_task(self._cap(each.scope, each.receive, each.send)) for each in exchanges]
        for _ in range(10):
            await asyncio.sleep(0)
        self._done.set()
        await asyncio.gather(*tasks)
        return [exchange.status for exchange in exchanges]

    def _exchange(self, client: str, person: str, length: int) -> Exchange:
        peer, _, named = client.partition(" for ")
        exchange = Exchange(b"a", headers=[declared(b"%d" % length), (b"x-forwarded-for", named.encode())])
        exchange.scope.update(client=(peer, 1), person=person)
        return exchange

    async def _person(self, scope: Scope) -> str | None:
        return scope["person"] or None

    async def _reads(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._done.wait()
        await Reader()(scope, receive, send)


def limits(**more: int) -> BodyLimits:
    return BodyLimits(uploads={"/upload": UPLOAD_BYTES}, **more)


async def test_open_uploads_of_one_address_are_few_whoever_they_say_they_are() -> None:
    uploads = [("192.0.2.1", str(number), 1) for number in range(4)] + [("192.0.2.2", "9", 1)]
    assert await Crowd(limits(per_address=3)).outcomes(*uploads) == [200, 200, 200, 429, 200]


async def test_a_trusted_proxys_uploads_count_for_the_client_that_it_names() -> None:
    clients = ["10.0.0.1 for 192.0.2.1", "10.0.0.1 for 192.0.2.9, 192.0.2.1", "10.0.0.1 for 192.0.2.2"]
    uploads = [(client, str(number), 1) for number, client in enumerate(clients)]
    assert await Crowd(limits(per_address=1), proxies=["10.0.0.1"]).outcomes(*uploads) == [200, 429, 200]
    assert await Crowd(limits(per_address=1)).outcomes(*uploads) == [200, 429, 429]


async def test_addresses_of_one_ipv6_network_count_together() -> None:
    uploads = [(f"2001:db8::{number}", str(number), 1) for number in range(1, 4)]
    assert await Crowd(limits(per_address=2)).outcomes(*uploads) == [200, 200, 429]


async def test_open_uploads_of_all_strangers_at_one_address_are_as_few_as_those_of_one_person() -> None:
    uploads = [("192.0.2.1", "", 1)] * 3 + [("192.0.2.1", "owner", 1), ("192.0.2.2", "", 1)]
    guests = limits(per_user=2, anonymous_uploads=True)
    assert await Crowd(guests).outcomes(*uploads) == [200, 200, 429, 200, 200]


async def test_open_uploads_of_one_person_are_few_wherever_they_come_from() -> None:
    uploads = [(f"192.0.2.{number}", "owner", 1) for number in range(3)] + [("192.0.2.9", "other", 1)]
    assert await Crowd(limits(per_user=2)).outcomes(*uploads) == [200, 200, 429, 200]


class Spool:
    """Bodies that are all there at once, each from a client and a person of its own unless the test says otherwise."""

    def __init__(self, **more: int) -> None:
        self._work = asyncio.Event()
        self._cap = BodyLimitMiddleware(
            self._works, BodyLimits(uploads={"/upload": UPLOAD_BYTES}, anonymous=500, **more)
        )
        self._tasks: list[asyncio.Task[None]] = []
        self.exchanges: list[Exchange] = []

    async def send(self, *chunks: bytes, path: str = "/upload", client: str = "") -> None:
        """One body more. It declares the largest upload there may be, and ends only where the test ends it."""
        exchange = Exchange(*chunks, path=path, headers=[declared(b"%d" % self._cap._limits.max_bytes(path)), JSON])
        exchange.scope["client"] = (client or f"192.0.2.{len(self.exchanges)}", 1)
        self.exchanges.append(exchange)
        self._tasks.append(asyncio.create_task(self._cap(exchange.scope, exchange.receive, exchange.send)))
        for _ in range(20):
            await asyncio.sleep(0)

    async def statuses(self) -> list[int]:
        self._work.set()
        await asyncio.gather(*self._tasks)
        return [exchange.status for exchange in self.exchanges]

    async def _works(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def last() -> None:
            await self._work.wait()

        await Reader(last)(scope, receive, send)


LARGE = (b"a" * 500, b"b" * 4_000)
"""Body of which 4000 bytes are booked."""


async def test_all_large_bodies_together_have_so_much_room() -> None:
    spool = Spool(spool=10_000)
    for _ in range(3):
        await spool.send(*LARGE)
    assert spool.exchanges[2].code == "upload_busy"
    assert int(spool.exchanges[2].header[b"retry-after"]) > 0
    assert await spool.statuses() == [200, 200, 503]
    assert spool._cap._pool._taken == 0


async def test_bytes_that_are_only_announced_take_no_room() -> None:
    spool = Spool(spool=10_000)
    for _ in range(30):
        await spool.send(b"--b", client="192.0.2.200")
    await spool.send(*LARGE)
    assert await spool.statuses() == [200] * 31


async def test_a_full_spool_shuts_out_no_small_form() -> None:
    spool = Spool(spool=8_000)
    for _ in range(3):
        await spool.send(*LARGE)
    await spool.send(b"a" * 500, path="/accounts/login/", client="192.0.2.0")
    await spool.send(b"a" * 500)
    assert await spool.statuses() == [200, 200, 503, 200, 200]


async def test_one_client_has_a_quarter_of_the_room() -> None:
    spool = Spool(spool=40_000, usual=1_000)
    for _ in range(3):
        await spool.send(*LARGE, client="2001:db8::1")
    await spool.send(*LARGE, client="2001:db8:0:1::1")
    assert (spool.exchanges[2].status, spool.exchanges[2].code) == (429, "too_many_open_uploads")
    assert await spool.statuses() == [200, 200, 429, 200]
    assert not spool._cap._pool._held


def test_the_largest_upload_fits_into_a_clients_share() -> None:
    assert BodyLimits(uploads={"/upload": 26 << 20}, spool=32 << 20).share == 26 << 20
    assert BodyLimits(spool=512 << 20).share == 128 << 20


class Clock:
    """Clock that the test sets."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(("size", "status"), [(85_000, 200), (75_000, 408)])
def test_a_body_must_come_in_at_eight_kilobytes_a_second_after_twenty_seconds(
    monkeypatch: pytest.MonkeyPatch, size: int, status: int
) -> None:
    clock = Clock()
    monkeypatch.setattr("gazesite.middleware.body_limits.time", clock)

    class Steady(Exchange):
        async def receive(self) -> Message:
            clock.now += 10
            return await super().receive()

    exchange = Steady(*[bytes(size)] * 10, headers=[JSON])
    exchange.run(limits=BodyLimits(uploads={"/upload": 10 * size}))
    assert exchange.status == status
    assert status == 200 or exchange.code == "upload_too_slow"


def test_too_many_open_uploads_say_when_to_try_again() -> None:
    exchange = Exchange(b"a", headers=[JSON]).run(limits=limits(per_address=0), user_of=signed_in("1"))
    # Without an address, as from a local socket, only people are counted.
    assert exchange.status == 200
    exchange = Exchange(b"a", headers=[JSON]).run(limits=limits(per_user=0), user_of=signed_in("1"))
    assert (exchange.status, exchange.code) == (429, "too_many_open_uploads")
    assert int(exchange.header[b"retry-after"]) > 0
