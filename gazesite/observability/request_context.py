"""Context of the request that is being answered, for the access log and the metrics.

The access log creates it; code that learns something about the request writes it there.
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
class RequestContext:
    """Context of one request or socket."""

    id: str
    """The site's own identifier: in every line that is logged meanwhile, and in the answer's X-Request-ID."""
    user: object = None
    """Primary key of the signed-in user, where the request needed to know."""
    view: str = ""
    """Name of the URL pattern."""
    refusal: str = ""
    """Reason why the request was refused, where the status alone does not say it."""


# Mutable, because what a task sets in its own context is not seen by the code that started it.
current: ContextVar[RequestContext | None] = ContextVar("request context", default=None)


@sync_and_async_middleware
def fill_request_context(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Django middleware, outermost, that fills the context from what inner middleware found. It looks nothing up."""
    if iscoroutinefunction(get_response):
        answer = cast(Callable[[HttpRequest], Awaitable[HttpResponseBase]], get_response)

        async def filling(request: HttpRequest) -> HttpResponseBase:
            response = await answer(request)
            _fill(request)
            return response

        return filling

    def filling_at_once(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)
        _fill(request)
        return response

    return filling_at_once


def _fill(request: HttpRequest) -> None:
    context = current.get()
    if context is None:
        return
    # Only what has been looked up: request.user itself would look into the session, and vary the answer with it.
    user = getattr(request, "_cached_user", None)
    if user is not None and user.is_authenticated:
        context.user = user.pk
    match = request.resolver_match
    if match is not None:
        context.view = match.view_name or "unnamed"
