"""HTTP error responses that ASGI middleware sends itself, in place of the application's answer."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, replace

from gazesite.asgi_types import Scope, Send


@dataclass(frozen=True)
class ErrorResponse:
    """Error response of its own page or JSON object."""

    status: int
    """HTTP status."""
    code: str
    """Stable code for programs."""
    title: str
    sentence: str
    """Explanation for a person."""
    retry_seconds: int | None = None
    """Value of Retry-After: time after which the request may succeed."""


BUSY = ErrorResponse(
    503,
    "upload_busy",
    "Busy",
    "Many people use the site right now. Please try again in a few seconds.",
    retry_seconds=5,
)


async def send_error(scope: Scope, send: Send, error: ErrorResponse, redirect: str | None = None) -> None:
    """Send JSON where the client accepts it, a redirect where one is given, else a page. Reads no more of the body."""
    if _accepts_json(scope):
        await _respond(send, error, b"application/json", as_json(error))
    elif redirect is not None:
        see_other = replace(error, status=303)
        await _respond(send, see_other, b"text/html; charset=utf-8", as_page(error), (b"location", redirect.encode()))
    else:
        await _respond(send, error, b"text/html; charset=utf-8", as_page(error))


async def _respond(
    send: Send, error: ErrorResponse, content_type: bytes, body: bytes, *more: tuple[bytes, bytes]
) -> None:
    start = {"type": "http.response.start", "status": error.status}
    await send({**start, "headers": [*headers(error, content_type, len(body)), *more]})
    await send({"type": "http.response.body", "body": body})


def headers(error: ErrorResponse, content_type: bytes, length: int) -> list[tuple[bytes, bytes]]:
    """Headers of the response. length: bytes of its body."""
    retry = [] if error.retry_seconds is None else [(b"retry-after", b"%d" % error.retry_seconds)]
    return [(b"content-type", content_type), (b"content-length", b"%d" % length), *HEADERS, *retry]


HEADERS = [
    (b"connection", b"close"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


def as_json(error: ErrorResponse) -> bytes:
    return json.dumps({"code": error.code, "sentence": error.sentence}).encode()


def as_page(error: ErrorResponse) -> bytes:
    title, sentence = html.escape(error.title), html.escape(error.sentence)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f'<h1>{title}</h1><p>{sentence}</p><p><a href="/">Back to the first page</a></p></html>\n'
    ).encode()


def _accepts_json(scope: Scope) -> bool:
    accepted = b",".join(value for name, value in scope["headers"] if name.lower() == b"accept")
    return b"application/json" in accepted.lower()
