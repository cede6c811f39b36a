"""Thumbnail of a portrait's photo, for lists."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from portraits.files import responses, storage
from portraits.files.responses import Audience
from portraits.http.guests_allowed import guests_allowed
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Portrait


@guests_allowed
@require_safe
def portrait_thumbnail(request: HttpRequest, portrait_id: UUID) -> HttpResponse:
    portrait = get_object_or_404(Portrait.objects.visible_to(signed_in_user(request)), pk=portrait_id)
    key = storage.photo_prefix(portrait.pk) + storage.THUMBNAIL
    return responses.stored_response(request, key, portrait.thumbnail_sha256, Audience.OWNER)
