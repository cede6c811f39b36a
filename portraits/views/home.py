"""Home page: a face that looks at the visitor, and the newest portraits of the user or guest."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portraits import gallery_items
from portraits.http.guests_allowed import guests_allowed
from portraits.models import Portrait, User
from portraits.rendering import demo
from portraits.uploads.forms import UploadForm

RECENT = 20
"""Most portraits on the home page."""


@guests_allowed
@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    recent = []
    if isinstance(request.user, User):
        mine = gallery_items.with_sessions(Portrait.objects.visible_to(request.user))
        recent = [gallery_items.gallery_item(portrait) for portrait in mine[:RECENT]]
    context = {
        "items": recent,
        "has_demo": demo.current() is not None,
        "form": UploadForm(),
        "takes_uploads": settings.GUESTS or request.user.is_authenticated,
    }
    return render(request, "portraits/home.html", context)
