"""Admin page for the GPU: its state, its cost, and a button that stops it, for a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from gpuworker.errors import RenderError
from gpuworker.fleet.source import Status
from portraits import moderation
from portraits.admin.actions import ReasonForm
from portraits.http.signed_in_user import signed_in_user
from portraits.rendering import workers

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

PERMISSION = "portraits.change_render"
"""Permission of operators, who keep renders going."""


def gpu_page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Page of the GPU; a POST with a reason stops every machine that costs."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if settings.GPU_SOURCE != "none" and form.is_valid():
        return _stop(request, form.cleaned_data["reason"])
    status, trouble = _status()
    context = {
        **site.each_context(request),
        "title": "GPU",
        "configured": settings.GPU_SOURCE != "none",
        "status": status,
        "trouble": trouble,
        "form": form,
    }
    return TemplateResponse(request, "admin/portraits/gpu.html", context)


def _status() -> tuple[Status | None, str]:
    """State of the GPU, or the sentence that says why it is not known."""
    if settings.GPU_SOURCE == "none":
        return None, ""
    try:
        return workers.gpu().status(), ""
    except RenderError as error:
        return None, error.sentence


def _stop(request: HttpRequest, reason: str) -> HttpResponse:
    try:
        moderation.stop_gpu(signed_in_user(request), reason)
        messages.success(request, "Everything that costs is stopped.")
    except RenderError as error:
        messages.error(request, f"It was not stopped: {error.sentence}")
    return redirect("admin:gpu")
