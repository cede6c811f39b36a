"""Response to an exception that was not caught: 503 for an outage, 500 for a bug."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error as bug

from portraits.http import outages


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`, which it calls for views and middleware alike, and which logs the exception once."""
    outage = outages.outage_of(sys.exc_info()[1])
    return bug(request) if outage is None else outages.response(request, outage)
