"""Django middleware that forbids caches and browsers to keep responses that are meant for one person.

A browser that keeps no page shows none when another person goes back after the owner has signed out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

PRIVATE = "private, no-store"


@sync_and_async_middleware
def forbid_storing(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Django middleware: `no-store` on each response after the session was read, else where the view sets nothing."""
    if iscoroutinefunction(get_response):
        answer = cast(Callable[[HttpRequest], Awaitable[HttpResponseBase]], get_response)

        async def forbidding(request: HttpRequest) -> HttpResponseBase:
            return _forbidden(request, await answer(request))

        return forbidding

    def forbidding_at_once(request: HttpRequest) -> HttpResponseBase:
        return _forbidden(request, get_response(request))

    return forbidding_at_once


def _forbidden(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    session = getattr(request, "session", None)  # none where an outer middleware answered
    if (session is not None and session.accessed) or "Cache-Control" not in response.headers:
        response["Cache-Control"] = PRIVATE
    return response
