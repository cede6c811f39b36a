"""Limits on bodies of requests: how large, from whom, how many and how slow. Around Django, which spools them."""

from __future__ import annotations

import asyncio
import html
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from gazesite.middleware.body_pool import BodyPool, Reservation
from gazesite.middleware.concurrency_limit import ConcurrencyLimit
from portraits.http.client_address import network_of

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

ANONYMOUS_BYTES = 64 << 10
"""Largest body from an anonymous client; every form for such a client is shorter."""
USUAL_BYTES = 1 << 20
"""Largest body at an address that takes no uploads."""
MULTIPART_ROOM = 64 << 10
"""Bytes that a form adds, at most, to the one file in it."""
SPOOL_BYTES = 512 << 20
"""Most bytes of all large bodies together that are being read or worked on."""
CLIENTS_PER_SPOOL = 4
"""One client holds at most this part of the spool, so that no one alone fills it."""
IDLE_SECONDS, OVERALL_SECONDS = 30.0, 300.0
ANONYMOUS_SECONDS = 30.0
"""Longest time for a whole body from an anonymous client."""
GRACE_SECONDS, LEAST_RATE = 20.0, 8 << 10
"""Seconds after which a body must have come in at so many bytes a second on average."""


@dataclass(frozen=True)
class BodyLimits:
    """uploads: most bytes of a body (file and form) by exact path of each address that takes uploads.

    per_address, per_person: most large bodies at a time. spool: most bytes of all bodies together, each without its
    first `anonymous` bytes: those are bounded by the number of connections, and large bodies leave small ones be.
    """

    uploads: Mapping[str, int] = field(default_factory=dict)
    usual: int = USUAL_BYTES
    anonymous: int = ANONYMOUS_BYTES
    spool: int = SPOOL_BYTES
    per_address: int = 32
    per_person: int = 4

    def of(self, path: str) -> int:
        """Most bytes of a body from a user who is signed in."""
        return self.uploads.get(path, self.usual)

    @property
    def share(self) -> int:
        """Most bytes of the spool for one client; the largest upload fits."""
        return max(self.spool // CLIENTS_PER_SPOOL, *self.uploads.values(), self.usual)

    def takes_uploads(self, path: str) -> bool:
        return path in self.uploads


@dataclass(frozen=True)
class Refusal:
    """An answer that is given instead of the site's. retry_seconds: after which trying again may help."""

    status: int
    code: str
    title: str
    sentence: str
    retry_seconds: int | None = None


def too_large(limit: int) -> Refusal:
    """limit: bytes."""
    most = f"{limit >> 20} MB" if limit >> 20 else f"{limit >> 10} KB"
    sentence = f"What you sent is too large. Please send at most {most}."
    return Refusal(413, "upload_too_large", "Too large", sentence)


NO_LENGTH = Refusal(400, "bad_length", "Not understood", "The length of this request is not a number.")
TOO_SLOW = Refusal(408, "upload_too_slow", "Too slow", "The upload stopped or took too long. Please try again.")
SIGN_IN = Refusal(401, "sign_in_required", "Please sign in", "Please sign in before you upload a photo.")
TOO_MANY = Refusal(
    429,
    "too_many_open_uploads",
    "Too many uploads",
    "Several uploads from you or your network are still under way. Please try again when they are done.",
    retry_seconds=10,
)
BUSY = Refusal(
    503,
    "upload_busy",
    "Busy",
    "Many people use the site right now. Please try again in a few seconds.",
    retry_seconds=5,
)


class BodyCap:
    """ASGI middleware: refuses a body from its headers where it can, else at the byte that is too much.

    person: who is signed in, by any name that is theirs alone, or None. Asked before more than `limits.anonymous`
    bytes are read. An anonymous upload is answered with 401, or for a browser's form with a
    redirect to `sign_in`. Without `person`, no user is looked up and every request counts as signed in.
    """

    def __init__(
        self,
        app: App,
        limits: BodyLimits,
        *,
        person: Callable[[Scope], Awaitable[str | None]] | None = None,
        sign_in: str = "/accounts/login/",
        idle_seconds: float = IDLE_SECONDS,
        overall_seconds: float = OVERALL_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._app = app
        self._limits = limits
        self._person = person
        self._sign_in = sign_in
        self._idle_seconds = idle_seconds
        self._overall_seconds = overall_seconds
        self._grace_seconds = grace_seconds
        self._addresses = ConcurrencyLimit("open uploads from one address", limits.per_address)
        self._people = ConcurrencyLimit("open uploads of one person", limits.per_person)
        self._pool = BodyPool(limits.spool, limits.share)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.of(scope["path"])
        refusal = declared(scope, limit)
        if refusal is not None:
            await answer(scope, send, refusal)
        elif self._person is None:
            await self._read(scope, receive, send, limit, self._overall_seconds)
        elif self._is_upload(scope) or most_bytes(scope, limit) > self._limits.anonymous:
            await self._ask(scope, receive, send, self._person)
        else:
            await self._read_anonymous(scope, receive, send)

    async def _ask(
        self, scope: Scope, receive: Receive, send: Send, person: Callable[[Scope], Awaitable[str | None]]
    ) -> None:
        """A large body needs a signed-in user, and is one of few from that user and from one address."""
        with self._addresses.slot(client_of(scope)) as has_room:
            if not has_room:
                await answer(scope, send, TOO_MANY)
                return
            who = await person(scope)
            if who is None and self._is_upload(scope):
                await answer(scope, send, SIGN_IN, _sign_in_address(scope, self._sign_in))
            elif who is None:
                await self._read_anonymous(scope, receive, send)
            else:
                await self._read_persons(scope, receive, send, who)

    async def _read_persons(self, scope: Scope, receive: Receive, send: Send, who: str) -> None:
        with self._people.slot(who) as has_room:
            if has_room:
                await self._read(scope, receive, send, self._limits.of(scope["path"]), self._overall_seconds)
            else:
                await answer(scope, send, TOO_MANY)

    async def _read_anonymous(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = min(self._limits.anonymous, self._limits.of(scope["path"]))
        refusal = declared(scope, limit)
        if refusal is None:
            await self._read(scope, receive, send, limit, min(ANONYMOUS_SECONDS, self._overall_seconds))
        else:
            await answer(scope, send, refusal)

    async def _read(self, scope: Scope, receive: Receive, send: Send, limit: int, seconds: float) -> None:
        with self._pool.reservation(client_of(scope)) as reservation:
            speed = Speed(self._idle_seconds, seconds, self._grace_seconds)
            body = _Body(scope, receive, send, speed, Size(limit, self._limits.anonymous, reservation))
            await self._app(scope, body.receive, body.send)

    def _is_upload(self, scope: Scope) -> bool:
        return self._limits.takes_uploads(scope["path"]) and scope["method"] not in ("GET", "HEAD", "OPTIONS")


@dataclass
class Speed:
    """Deadlines of a body, in seconds. idle: between two messages; overall: for all of it.

    grace: after which the average must be at least LEAST_RATE.
    """

    idle: float
    overall: float
    grace: float
    began: float = field(default_factory=lambda: time.monotonic())

    def patience(self, length: int) -> float:
        """Seconds for the next message when `length` bytes are there."""
        most = min(self.overall, max(self.grace, length / LEAST_RATE))
        return max(0.0, min(self.idle, self.began + most - time.monotonic()))


@dataclass
class Size:
    """Length of a body so far, and what is against it. limit, free: bytes; the first `free` are not reserved."""

    limit: int
    free: int
    reservation: Reservation
    length: int = 0

    def add(self, count: int) -> Refusal | None:
        """Refusal when so many bytes more are too many."""
        self.length += count
        if self.length > self.limit:
            return too_large(self.limit)
        more = max(0, self.length - self.free - self.reservation.count)
        if not more:
            return None
        if self.reservation.pool.exceeds_share(self.reservation.client, more):
            return TOO_MANY
        if self.reservation.pool.is_full(more):
            return BUSY
        self.reservation.add(more)
        return None


class _Body:
    """One request's body on its way in, and the answer's way out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, speed: Speed, size: Size) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._speed = speed
        self._size = size
        self._whole = False
        self._answered = False
        self._refused = False

    async def receive(self) -> Message:
        """The server's next message; after a refusal http.disconnect, so that the application drops what it has."""
        if self._refused:
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._speed.patience(self._size.length))
        except TimeoutError:
            return await self._refuse(TOO_SLOW)
        if message["type"] == "http.request":
            self._whole = not message.get("more_body", False)
            refusal = self._size.add(len(message.get("body", b"")))
            if refusal is not None:
                return await self._refuse(refusal)
        return message

    async def send(self, message: Message) -> None:
        """Passes a message on to the server; none once the body is refused."""
        if not self._refused:
            self._answered = True
            await self._send(message)

    async def _refuse(self, refusal: Refusal) -> Message:
        self._refused = True
        if not self._answered:
            await answer(self._scope, self._send, refusal)
        return {"type": "http.disconnect"}


def declared(scope: Scope, limit: int) -> Refusal | None:
    """Refusal for the length that the headers declare; None when it is fine or absent."""
    lengths = _values(scope, b"content-length")
    if not lengths:
        return None
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        return NO_LENGTH
    # Python refuses to read numbers of thousands of digits.
    digits = lengths.pop().lstrip(b"0") or b"0"
    return too_large(limit) if len(digits) > 15 or int(digits) > limit else None


def most_bytes(scope: Scope, limit: int) -> int:
    """Bytes that the body will have at most: as declared, `limit` where it comes in chunks, 0 without one.

    The declared length is one that declared() has nothing against.
    """
    if _values(scope, b"transfer-encoding"):
        return limit
    return int(next(iter(_values(scope, b"content-length")), b"0").lstrip(b"0") or b"0")


def _values(scope: Scope, header: bytes) -> set[bytes]:
    return {value.strip() for name, value in scope["headers"] if name.lower() == header}


def client_of(scope: Scope) -> str:
    """Address or network that a request counts for; empty for a local socket's."""
    return network_of((scope.get("client") or ("",))[0])


async def answer(scope: Scope, send: Send, refusal: Refusal, redirect: str | None = None) -> None:
    """JSON for who asks for it, a redirect where there is one, else a page; the rest of the body is not read."""
    if _accepts_json(scope):
        await _respond(send, refusal, b"application/json", as_json(refusal))
    elif redirect is not None:
        leading = replace(refusal, status=303)
        await _respond(send, leading, b"text/html; charset=utf-8", as_page(refusal), (b"location", redirect.encode()))
    else:
        await _respond(send, refusal, b"text/html; charset=utf-8", as_page(refusal))


async def _respond(send: Send, refusal: Refusal, kind: bytes, body: bytes, *more: tuple[bytes, bytes]) -> None:
    start = {"type": "http.response.start", "status": refusal.status}
    await send({**start, "headers": [*headers(refusal, kind, len(body)), *more]})
    await send({"type": "http.response.body", "body": body})


def headers(refusal: Refusal, kind: bytes, length: int) -> list[tuple[bytes, bytes]]:
    """Headers of the answer. kind: its Content-Type; length: of its body in bytes."""
    retry = [] if refusal.retry_seconds is None else [(b"retry-after", b"%d" % refusal.retry_seconds)]
    return [(b"content-type", kind), (b"content-length", b"%d" % length), *HEADERS, *retry]


HEADERS = [
    (b"connection", b"close"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


def as_json(refusal: Refusal) -> bytes:
    return json.dumps({"code": refusal.code, "sentence": refusal.sentence}).encode()


def as_page(refusal: Refusal) -> bytes:
    title, sentence = html.escape(refusal.title), html.escape(refusal.sentence)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f'<h1>{title}</h1><p>{sentence}</p><p><a href="/">Back to the first page</a></p></html>\n'
    ).encode()


def _accepts_json(scope: Scope) -> bool:
    accepted = b",".join(value for name, value in scope["headers"] if name.lower() == b"accept")
    return b"application/json" in accepted.lower()


def _sign_in_address(scope: Scope, sign_in: str) -> str:
    return f"{sign_in}?next={quote(scope['path'], safe='/')}"
