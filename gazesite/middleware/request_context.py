"""Facts about a request that is being answered, for the access log and the metrics.

The ASGI application that keeps the journal makes the facts; code that learns something notes it in them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware


@dataclass(slots=True)
class Facts:
    """id: our own, in every line that is logged meanwhile and in the answer's X-Request-ID.

    user: primary key of the user who is signed in, where the request needed to know; view: the address's name;
    refusal: why it was refused, where the status alone does not say it.
    """

    id: str
    user: object = None
    view: str = ""
    refusal: str = ""


# Mutable, because what a task sets in its own context is not seen by the code that started it.
current: ContextVar[Facts | None] = ContextVar("request facts", default=None)


@sync_and_async_middleware
def note_facts(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Django middleware: outermost, so that it sees what the others have found out. It looks nothing up."""
    if iscoroutinefunction(get_response):
        answer = cast(Callable[[HttpRequest], Awaitable[HttpResponseBase]], get_response)

        async def noting(request: HttpRequest) -> HttpResponseBase:
            response = await answer(request)
            _note(request)
            return response

        return noting

    def noting_at_once(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)
        _note(request)
        return response

    return noting_at_once


def _note(request: HttpRequest) -> None:
    facts = current.get()
    if facts is None:
        return
    # Only what has been looked up: request.user itself would look into the session, and vary the answer with it.
    user = getattr(request, "_cached_user", None)
    if user is not None and user.is_authenticated:
        facts.user = user.pk
    match = request.resolver_match
    if match is not None:
        facts.view = match.view_name or "unnamed"
