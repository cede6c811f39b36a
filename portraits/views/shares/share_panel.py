"""Share panel after a change: a fragment for the page's script, a whole page for forms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portraits.models import Portrait

SCRIPT = "fetch"
"""Value of X-Requested-With that share.js sends."""


def panel(request: HttpRequest, portrait: Portrait, status: int, **context: Any) -> HttpResponse:
    """Response with the panel, in the form that the request needs."""
    by_script = request.headers.get("X-Requested-With") == SCRIPT
    template = "portraits/_share.html" if by_script else "portraits/share.html"
    return render(request, template, {"portrait": portrait, **context}, status=status)
