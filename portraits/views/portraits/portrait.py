"""Page of one portrait: the face, its progress, and the actions of its owner."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from gpuworker.contract import Size
from portraits import gallery_items
from portraits.http.guests_allowed import guests_allowed
from portraits.http.signed_in_user import signed_in_user
from portraits.live import publisher
from portraits.models import Portrait, Render
from portraits.uploads.forms import TitleForm

TALL = 0.75
"""Width over height below which a frame counts as tall; the usual one has 0.8."""


@guests_allowed
@require_safe
def portrait(request: HttpRequest, portrait_id: UUID) -> HttpResponse:
    found = get_object_or_404(Portrait.objects.visible_to(signed_in_user(request)), pk=portrait_id)
    session = found.current_session
    snapshot = publisher.snapshot(session) if session else None
    shape = gallery_items.frame(found, session)
    context = {
        "portrait": found,
        "session": session,
        "snapshot": snapshot,
        "under_way": snapshot is not None and _is_under_way(snapshot),
        "view_box": gallery_items.view_box(found),
        "advice": session.advice if session else found.advice,
        "thumbnail": reverse("portrait-thumbnail", args=[found.pk]),
        "shape": shape,
        "shape_words": f"{shape.width} × {shape.height} pixels",
        "stage_shape": _stage_shape(shape),
        "title_form": TitleForm(initial={"title": found.title}),
    }
    return render(request, "portraits/portrait.html", context)


def _is_under_way(snapshot: dict[str, Any]) -> bool:
    """Whether the first pass or the sheets are still to come."""
    passes = [snapshot, snapshot["sheets"]]
    return any(each["state"] in (Render.State.QUEUED, *Render.ACTIVE) for each in passes if each is not None)


def _stage_shape(frame: Size) -> str:
    """Class for the style sheet: whole pictures may be far from the usual shape, and are laid out otherwise."""
    if frame.width > frame.height:
        return "wide"
    return "tall" if frame.width / frame.height < TALL else ""
