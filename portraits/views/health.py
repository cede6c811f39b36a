"""Health checks for monitors of the site: liveness and readiness."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portraits import readiness


@login_not_required
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Liveness: 200 whenever the process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Readiness: 200 when every dependency of the site answers; else 503 with a line for each failing one."""
    failing = readiness.dependencies.failing()
    lines = [f"{readiness.sentence(name)}\n" for name in failing] or ["ready\n"]
    return HttpResponse("".join(lines), content_type="text/plain", status=503 if failing else 200)
