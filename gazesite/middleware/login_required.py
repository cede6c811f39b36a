"""Django's login-required middleware, without a session look-up for public views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase


class PublicViewsLoginMiddleware(LoginRequiredMiddleware):
    """Middleware like Django's, which reads the session even for public views.

    Here a public view is called without: a shared picture costs no session look-up, and its response, the same for
    everybody, has no `Vary: Cookie`.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        answer: HttpResponseBase | None = super().process_view(request, view_func, view_args, view_kwargs)
        return answer
