"""Decorator for responses that pages of other sites may frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from csp.utils import build_policy
from django.http import HttpResponse
from django.views.decorators.clickjacking import xframe_options_exempt

Arguments = ParamSpec("Arguments")


def frameable(view: Callable[Arguments, HttpResponse]) -> Callable[Arguments, HttpResponse]:
    """Allow framing by any page, also by a cross-origin isolated one, which requires the same of its frames."""

    @xframe_options_exempt
    @wraps(view)
    def framed(*args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response["Content-Security-Policy"] = build_policy(replace={"frame-ancestors": ["*"]})
        response["Cross-Origin-Embedder-Policy"] = "require-corp"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return framed
