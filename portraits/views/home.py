"""The front door: a face that looks at you, and what you made last."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portraits import gallery_items
from portraits.models import Portrait, User
from portraits.rendering import demo
from portraits.uploads.forms import UploadForm

RECENT = 20


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    recent = []
    if isinstance(request.user, User):
        mine = gallery_items.with_sessions(Portrait.objects.visible_to(request.user))
        recent = [gallery_items.card(portrait) for portrait in mine[:RECENT]]
    context = {"cards": recent, "has_demo": demo.current() is not None, "form": UploadForm()}
    return render(request, "portraits/home.html", context)
