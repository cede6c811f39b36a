"""Form of an answer that a client asks for with its Accept header."""

from __future__ import annotations

from django.http import HttpRequest


def wants_json(request: HttpRequest) -> bool:
    """Whether the client names JSON; programs and the pages' scripts do, browsers' navigation does not.

    Django's own parser (HttpRequest.get_preferred_type) raises ValueError or TypeError for some parameters.
    """
    return "application/json" in request.headers.get("Accept", "").lower()
