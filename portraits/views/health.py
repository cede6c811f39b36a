"""Health checks for monitors of the site: does it live, and can it work?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portraits import readiness


@login_not_required
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every part on which the site depends answers too; else 503, with a line for each part that does not."""
    silent = readiness.parts.silent()
    lines = [f"{readiness.sentence(part)}\n" for part in silent] or ["ready\n"]
    return HttpResponse("".join(lines), content_type="text/plain", status=503 if silent else 200)
