"""Django middleware that makes the browser's guest the request's user, for views that guests may use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from portraits.accounts import guests
from portraits.http.guests_allowed import MARK


class GuestMiddleware(MiddlewareMixin):
    """Middleware that stands before the one that asks for a sign-in. It leaves a signed-in user as they are."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if getattr(view_func, MARK, False) and not request.user.is_authenticated:
            guest = guests.current(request.session)
            if guest is not None:
                request.user = guest
                request._cached_user = guest  # type: ignore[attr-defined]  # Django keeps the user it has found there, and the log reads it
        return None
