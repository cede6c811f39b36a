"""ASGI middleware that limits request bodies: their size, number and duration, before Django spools them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from gazesite.asgi_types import App, Message, Receive, Scope, Send
from gazesite.limits.body_pool import BodyPool, Reservation
from gazesite.limits.client_key import client_key
from gazesite.limits.concurrency_limit import ConcurrencyLimit
from gazesite.middleware.error_response import BUSY, ErrorResponse, send_error

ANONYMOUS_BYTES = 64 << 10
"""Largest body from an anonymous client; every form for anonymous clients is shorter."""
USUAL_BYTES = 1 << 20
"""Largest body at a path that takes no uploads."""
MULTIPART_OVERHEAD = 64 << 10
"""Most bytes that a multipart form adds to the one file in it."""
SPOOL_BYTES = 512 << 20
"""Most bytes of all large bodies together that are being received or processed."""
CLIENTS_PER_SPOOL = 4
"""Number of clients that fill the spool together: each holds at most this fraction of it."""
IDLE_SECONDS = 30.0
"""Longest time between two chunks of a body."""
OVERALL_SECONDS = 300.0
"""Longest time for a whole body."""
ANONYMOUS_SECONDS = 30.0
"""Longest time for a whole body from an anonymous client."""
GRACE_SECONDS = 20.0
"""Time after which a body must have come in at MIN_RATE on average."""
MIN_RATE = 8 << 10
"""Bytes a second."""


@dataclass(frozen=True)
class BodyLimits:
    """Limits on request bodies, in bytes unless a field says otherwise."""

    uploads: Mapping[str, int] = field(default_factory=dict)
    """Largest body (file and form) for each exact path that takes uploads."""
    usual: int = USUAL_BYTES
    """Largest body at any other path."""
    anonymous: int = ANONYMOUS_BYTES
    """Largest body from an anonymous client."""
    spool: int = SPOOL_BYTES
    """Most bytes of all bodies together, each without its first `anonymous` bytes.

    Those are bounded by the number of connections, so that large bodies do not push small ones out.
    """
    per_address: int = 32
    """Most large bodies from one address at a time."""
    per_user: int = 4
    """Most large bodies from one user at a time."""
    anonymous_uploads: bool = False
    """Whether anonymous clients may upload; then all those of one address count as one user."""

    def max_bytes(self, path: str) -> int:
        """Largest body from a signed-in user at that path."""
        return self.uploads.get(path, self.usual)

    @property
    def share(self) -> int:
        """Most bytes of the spool for one client; never less than the largest upload."""
        return max(self.spool // CLIENTS_PER_SPOOL, *self.uploads.values(), self.usual)

    def takes_uploads(self, path: str) -> bool:
        return path in self.uploads


def too_large(limit: int) -> ErrorResponse:
    """Error for a body of more than `limit` bytes."""
    most = f"{limit >> 20} MB" if limit >> 20 else f"{limit >> 10} KB"
    sentence = f"What you sent is too large. Please send at most {most}."
    return ErrorResponse(413, "upload_too_large", "Too large", sentence)


NO_LENGTH = ErrorResponse(400, "bad_length", "Not understood", "The length of this request is not a number.")
TOO_SLOW = ErrorResponse(408, "upload_too_slow", "Too slow", "The upload stopped or took too long. Please try again.")
SIGN_IN = ErrorResponse(401, "sign_in_required", "Please sign in", "Please sign in before you upload a photo.")
TOO_MANY = ErrorResponse(
    429,
    "too_many_open_uploads",
    "Too many uploads",
    "Several uploads from you or your network are still under way. Please try again when they are done.",
    retry_seconds=10,
)


class BodyLimitMiddleware:
    """ASGI middleware that refuses a body from its headers where it can, else at the byte that is too much.

    user_of: a unique key of the signed-in user, or None. It is called before more than `limits.anonymous` bytes are
    read. An anonymous upload is answered with 401, or for a browser's form with a redirect to `sign_in`, unless the
    limits allow it. Without `user_of`, no user is looked up and every request counts as signed in.
    """

    def __init__(
        self,
        app: App,
        limits: BodyLimits,
        *,
        user_of: Callable[[Scope], Awaitable[str | None]] | None = None,
        sign_in: str = "/accounts/login/",
        idle_seconds: float = IDLE_SECONDS,
        overall_seconds: float = OVERALL_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._app = app
        self._limits = limits
        self._user_of = user_of
        self._sign_in = sign_in
        self._idle_seconds = idle_seconds
        self._overall_seconds = overall_seconds
        self._grace_seconds = grace_seconds
        self._by_address = ConcurrencyLimit("open uploads from one address", limits.per_address)
        self._by_user = ConcurrencyLimit("open uploads of one person", limits.per_user)
        self._pool = BodyPool(limits.spool, limits.share)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.max_bytes(scope["path"])
        error = declared_length_error(scope, limit)
        if error is not None:
            await send_error(scope, send, error)
        elif self._user_of is None:
            await self._read(scope, receive, send, limit, self._overall_seconds)
        elif self._is_upload(scope) or most_bytes(scope, limit) > self._limits.anonymous:
            await self._read_large(scope, receive, send, self._user_of)
        else:
            await self._read_anonymous(scope, receive, send)

    async def _read_large(
        self, scope: Scope, receive: Receive, send: Send, user_of: Callable[[Scope], Awaitable[str | None]]
    ) -> None:
        """Read a body that may be large: from a signed-in user, and one of few from that user and that address."""
        with self._by_address.slot(client_key(scope)) as has_room:
            if not has_room:
                await send_error(scope, send, TOO_MANY)
                return
            user = await user_of(scope)
            if user is None and self._is_upload(scope) and self._limits.anonymous_uploads:
                await self._read_from_user(scope, receive, send, f"anonymous at {client_key(scope)}")
            elif user is None and self._is_upload(scope):
                await send_error(scope, send, SIGN_IN, _sign_in_address(scope, self._sign_in))
            elif user is None:
                await self._read_anonymous(scope, receive, send)
            else:
                await self._read_from_user(scope, receive, send, user)

    async def _read_from_user(self, scope: Scope, receive: Receive, send: Send, user: str) -> None:
        with self._by_user.slot(user) as has_room:
            if has_room:
                await self._read(scope, receive, send, self._limits.max_bytes(scope["path"]), self._overall_seconds)
            else:
                await send_error(scope, send, TOO_MANY)

    async def _read_anonymous(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = min(self._limits.anonymous, self._limits.max_bytes(scope["path"]))
        error = declared_length_error(scope, limit)
        if error is None:
            await self._read(scope, receive, send, limit, min(ANONYMOUS_SECONDS, self._overall_seconds))
        else:
            await send_error(scope, send, error)

    async def _read(self, scope: Scope, receive: Receive, send: Send, limit: int, seconds: float) -> None:
        with self._pool.reservation(client_key(scope)) as reservation:
            deadlines = Deadlines(self._idle_seconds, seconds, self._grace_seconds)
            body = _Body(scope, receive, send, deadlines, BodySize(limit, self._limits.anonymous, reservation))
            await self._app(scope, body.receive, body.send)

    def _is_upload(self, scope: Scope) -> bool:
        return self._limits.takes_uploads(scope["path"]) and scope["method"] not in ("GET", "HEAD", "OPTIONS")


@dataclass
class Deadlines:
    """Deadlines of a body, in seconds."""

    idle: float
    """Longest time between two messages."""
    overall: float
    """Longest time for all of it."""
    grace: float
    """Time after which the average rate must be at least MIN_RATE."""
    started_at: float = field(default_factory=lambda: time.monotonic())

    def timeout(self, length: int) -> float:
        """Seconds to wait for the next message when `length` bytes have come."""
        most = min(self.overall, max(self.grace, length / MIN_RATE))
        return max(0.0, min(self.idle, self.started_at + most - time.monotonic()))


@dataclass
class BodySize:
    """Size of a body so far, in bytes, and its limits."""

    limit: int
    """Most bytes of the body."""
    free: int
    """Bytes at its beginning for which nothing is reserved."""
    reservation: Reservation
    length: int = 0
    """Bytes that have come."""

    def add(self, count: int) -> ErrorResponse | None:
        """Count `count` more bytes; the error when they are too many."""
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
    """ASGI channel of one request whose body is limited."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, deadlines: Deadlines, size: BodySize) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._deadlines = deadlines
        self._size = size
        self._is_complete = False
        self._answered = False
        self._refused = False

    async def receive(self) -> Message:
        """The server's next message; after an error http.disconnect, so that the application drops what it has."""
        if self._refused:
            return {"type": "http.disconnect"}
        if self._is_complete:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._deadlines.timeout(self._size.length))
        except TimeoutError:
            return await self._refuse(TOO_SLOW)
        if message["type"] == "http.request":
            self._is_complete = not message.get("more_body", False)
            error = self._size.add(len(message.get("body", b"")))
            if error is not None:
                return await self._refuse(error)
        return message

    async def send(self, message: Message) -> None:
        """Pass a message on to the server; none once the body is refused."""
        if not self._refused:
            self._answered = True
            await self._send(message)

    async def _refuse(self, error: ErrorResponse) -> Message:
        self._refused = True
        if not self._answered:
            await send_error(self._scope, self._send, error)
        return {"type": "http.disconnect"}


def declared_length_error(scope: Scope, limit: int) -> ErrorResponse | None:
    """Error for the length that the headers declare; None when it is fine or absent."""
    lengths = _values(scope, b"content-length")
    if not lengths:
        return None
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        return NO_LENGTH
    # Python refuses to read numbers of thousands of digits.
    digits = lengths.pop().lstrip(b"0") or b"0"
    return too_large(limit) if len(digits) > 15 or int(digits) > limit else None


def most_bytes(scope: Scope, limit: int) -> int:
    """Most bytes that the body will have: as declared, `limit` where it comes in chunks, 0 without one.

    Call it only for a length that declared_length_error() accepts.
    """
    if _values(scope, b"transfer-encoding"):
        return limit
    return int(next(iter(_values(scope, b"content-length")), b"0").lstrip(b"0") or b"0")


def _values(scope: Scope, header: bytes) -> set[bytes]:
    return {value.strip() for name, value in scope["headers"] if name.lower() == header}


def _sign_in_address(scope: Scope, sign_in: str) -> str:
    return f"{sign_in}?next={quote(scope['path'], safe='/')}"
