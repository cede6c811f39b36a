"""Manifest and files of the home page's demo portrait, for everybody."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from gpuworker import contract
from portraits.files import responses
from portraits.files.responses import Audience
from portraits.rendering import demo


@login_not_required
@require_safe
def demo_manifest(request: HttpRequest) -> HttpResponse:
    """Manifest of the demo; 404 until there is one."""
    pointer = demo.current()
    if pointer is None:
        raise Http404
    return JsonResponse(
        contract.with_file_names(pointer["manifest"], lambda name: f"{pointer['version']}.{name}"),
        headers={"Cache-Control": "public, max-age=60"},
    )


@login_not_required
@require_safe
def demo_file(request: HttpRequest, name: str) -> HttpResponse:
    """File that the demo's manifest lists, or its poster under its plain name."""
    pointer = demo.current()
    plain = name.removeprefix(f"{pointer['version']}.") if pointer else ""
    if pointer is None or plain not in pointer["files"]:
        raise Http404
    sha256 = pointer["files"][plain]["sha256"]
    return responses.stored_response(request, demo.key(pointer["version"], plain), sha256, Audience.PUBLIC)
