"""How much of a request's body gets in, from whom, and how slowly. Around Django, which spools a body before any view.

Daphne has spooled it even earlier: early_cap.py draws the same lines there.
"""

from __future__ import annotations

import asyncio
import html
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

USUAL_BYTES = 1 << 20
"""Of a body, wherever nothing is uploaded."""
MULTIPART_ROOM = 64 << 10
"""What a form adds to the one file in it."""
IDLE_SECONDS, OVERALL_SECONDS = 30.0, 300.0


@dataclass(frozen=True)
class BodyLimits:
    """uploads: most bytes of a body (file and form) by exact path of each address that takes uploads."""

    uploads: Mapping[str, int] = field(default_factory=dict)
    usual: int = USUAL_BYTES

    def of(self, path: str) -> int:
        """Bytes."""
        return self.uploads.get(path, self.usual)

    def takes_uploads(self, path: str) -> bool:
        return path in self.uploads


@dataclass(frozen=True)
class Refusal:
    """An answer that this gate gives by itself."""

    status: int
    code: str
    title: str
    sentence: str


def too_large(limit: int) -> Refusal:
    """limit: bytes."""
    sentence = f"What you sent is too large. Please send at most {limit >> 20} MB."
    return Refusal(413, "upload_too_large", "Too large", sentence)


NO_LENGTH = Refusal(400, "bad_length", "Not understood", "The length of this request is not a number.")
TOO_SLOW = Refusal(408, "upload_too_slow", "Too slow", "The upload stopped or took too long. Please try again.")
SIGN_IN = Refusal(401, "sign_in_required", "Please sign in", "Please sign in before you upload a photo.")


class BodyCap:
    """ASGI middleware: refuses a body from its headers where it can, else at the byte that is too much.

    may_upload: asked before anything of an upload is read; a no is answered with 401, or for a
    browser's form with a redirect to `sign_in`.
    """

    def __init__(
        self,
        app: App,
        limits: BodyLimits,
        *,
        may_upload: Callable[[Scope], Awaitable[bool]] | None = None,
        sign_in: str = "/accounts/login/",
        idle_seconds: float = IDLE_SECONDS,
        overall_seconds: float = OVERALL_SECONDS,
    ) -> None:
        self._app = app
        self._limits = limits
        self._may_upload = may_upload
        self._sign_in = sign_in
        self._idle_seconds = idle_seconds
        self._overall_seconds = overall_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.of(scope["path"])
        refusal = declared(scope, limit)
        if refusal is not None:
            await _answer(scope, send, refusal)
        elif await self._is_stranger(scope):
            await _answer(scope, send, SIGN_IN, _sign_in_address(scope, self._sign_in))
        else:
            body = _Body(scope, receive, send, limit, self._idle_seconds, self._overall_seconds)
            await self._app(scope, body.receive, body.send)

    async def _is_stranger(self, scope: Scope) -> bool:
        if self._may_upload is None or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return False
        return self._limits.takes_uploads(scope["path"]) and not await self._may_upload(scope)


class _Body:
    """One request's body on its way in, and the answer's way out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int, idle: float, overall: float) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limit = limit
        self._idle = idle
        self._deadline = time.monotonic() + overall
        self._length = 0
        self._whole = False
        self._answered = False
        self._refused = False

    async def receive(self) -> Message:
        """As the server's; once the body is refused, the application finds the client gone and drops what it has."""
        if self._refused:
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._patience())
        except TimeoutError:
            return await self._refuse(TOO_SLOW)
        if message["type"] == "http.request":
            self._length += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._length > self._limit:
                return await self._refuse(too_large(self._limit))
        return message

    async def send(self, message: Message) -> None:
        """As the server's; nothing more once the body is refused."""
        if not self._refused:
            self._answered = True
            await self._send(message)

    def _patience(self) -> float:
        return max(0.0, min(self._idle, self._deadline - time.monotonic()))

    async def _refuse(self, refusal: Refusal) -> Message:
        self._refused = True
        if not self._answered:
            await _answer(self._scope, self._send, refusal)
        return {"type": "http.disconnect"}


def declared(scope: Scope, limit: int) -> Refusal | None:
    """What is wrong with the length that the headers declare."""
    lengths = {value.strip() for name, value in scope["headers"] if name.lower() == b"content-length"}
    if not lengths:
        return None
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        return NO_LENGTH
    # Python refuses to read numbers of thousands of digits.
    digits = lengths.pop().lstrip(b"0") or b"0"
    return too_large(limit) if len(digits) > 15 or int(digits) > limit else None


async def _answer(scope: Scope, send: Send, refusal: Refusal, redirect: str | None = None) -> None:
    """JSON for who asks for it, a redirect where there is one, else a page; the rest of the body is not read."""
    if _accepts_json(scope):
        await _respond(send, refusal.status, b"application/json", as_json(refusal))
    elif redirect is not None:
        await _respond(send, 303, b"text/html; charset=utf-8", as_page(refusal), [(b"location", redirect.encode())])
    else:
        await _respond(send, refusal.status, b"text/html; charset=utf-8", as_page(refusal))


async def _respond(
    send: Send, status: int, kind: bytes, body: bytes, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *HEADERS, *(more or [])]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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
