"""Content negotiation between JSON and HTML."""

from __future__ import annotations

from django.http import HttpRequest


def wants_json(request: HttpRequest) -> bool:
    """Whether the Accept header names JSON: programs and the pages' scripts name it, browsers' navigation does not."""
    # Not HttpRequest.get_preferred_type: on parameters such as a*=bogus''x Django's parser raises ValueError or
    # TypeError, even while an outage is answered; and a header of 16 KB of ";" costs it about a second.
    return "application/json" in request.headers.get("Accept", "").lower()
