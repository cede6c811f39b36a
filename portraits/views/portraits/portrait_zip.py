"""ZIP archive of a portrait for its owner: sheets, element and page."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from portraits.files import disk_space, zip_archive
from portraits.files.temporary_stream import TemporaryStream, TooManyDownloads
from portraits.http import outages
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Portrait


@require_safe
def portrait_zip(request: HttpRequest, portrait_id: UUID) -> HttpResponseBase:
    """Archive to download; 409 with a sentence, and the way to them, until the sheets are there."""
    portrait = get_object_or_404(Portrait.objects.visible_to(signed_in_user(request)), pk=portrait_id)
    session = portrait.current_session
    if session is None or session.shown is None or not session.has_sheets:
        context = {"portrait": portrait, "session": session, "can_ask": session and session.can_ask_for_sheets}
        return render(request, "portraits/zip_too_early.html", context, status=409)
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": content_disposition_header(True, f"{slugify(str(portrait)) or 'portrait'}.zip"),
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    try:
        disk_space.require_free_space()
        file = TemporaryStream(settings.SCRATCH_DIR, portrait.owner_id)
    except TooManyDownloads:
        return outages.response(request, outages.TOO_MANY_DOWNLOADS)
    try:
        zip_archive.write(session.shown, file.target)
        size = file.size()
    except BaseException as error:
        _discard(file)
        if isinstance(error, FileNotFoundError):
            raise Http404 from None
        raise
    return StreamingHttpResponse(file, headers={**headers, "Content-Length": str(size)})


def _discard(file: TemporaryStream) -> None:
    """Close a file whose disk may be full: closing tries to write the bytes of its buffer once more."""
    with suppress(OSError):
        file.close()
