"""Addresses of a session: its manifest, files and progress, and the actions sheets, cancel and retry."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from portraits.files import responses
from portraits.files.responses import Audience
from portraits.http.accept import wants_json
from portraits.http.guests_allowed import guests_allowed
from portraits.http.signed_in_user import signed_in_user
from portraits.live import publisher
from portraits.models import Output, Session
from portraits.rendering import dispatch


def _session(request: HttpRequest, session_id: UUID) -> Session:
    """Session of this user's own. Raises Http404."""
    sessions = Session.objects.visible_to(signed_in_user(request)).select_related("portrait", "shown")
    return get_object_or_404(sessions.prefetch_related("renders"), pk=session_id)


def _shown(session: Session) -> Output:
    if session.shown is None:
        raise Http404
    return session.shown


@guests_allowed
@require_safe
def session(request: HttpRequest, session_id: UUID) -> HttpResponseRedirect:
    """Redirect to the page of its portrait."""
    return HttpResponseRedirect(_session(request, session_id).portrait.get_absolute_url())


@guests_allowed
@require_safe
def session_manifest(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Manifest from the row, while it grows; 404 until there is something to show."""
    return responses.manifest_response(request, _shown(_session(request, session_id)), Audience.OWNER)


@guests_allowed
@require_safe
def session_file(request: HttpRequest, session_id: UUID, name: str) -> HttpResponse:
    """File that the manifest lists."""
    return responses.file_response(request, _shown(_session(request, session_id)), name, Audience.OWNER)


@guests_allowed
@require_safe
def session_progress(request: HttpRequest, session_id: UUID) -> JsonResponse:
    """Snapshot as the socket sends it, for pages whose sockets are blocked."""
    return JsonResponse(publisher.snapshot(_session(request, session_id)))


@guests_allowed
@require_POST
def session_cancel(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Stop what its page shows as being made; 409 when there was nothing to stop."""
    found = _session(request, session_id)
    return _changed_response(request, session_id, changed=dispatch.stop(found))


@require_POST
def session_sheets(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Have its sheets made, for a download. Safe to repeat; 409 when there is nothing to make."""
    found = _session(request, session_id)
    return _changed_response(request, session_id, changed=dispatch.ask_for_sheets(found))


@guests_allowed
@require_POST
def session_retry(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Retry its renders; 409 when nothing had failed or been cancelled."""
    found = _session(request, session_id)
    return _changed_response(request, session_id, changed=dispatch.retry(found))


def _changed_response(request: HttpRequest, session_id: UUID, *, changed: bool) -> HttpResponse:
    """New snapshot for scripts, the portrait's page for forms."""
    found = _session(request, session_id)
    if wants_json(request):
        return JsonResponse(publisher.snapshot(found), status=200 if changed else 409)
    return redirect(found.portrait)
