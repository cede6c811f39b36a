"""Photo and thumbnail of an upload, for its owner."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from portraits.files import responses, storage
from portraits.files.responses import Audience
from portraits.http.guests_allowed import guests_allowed
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Upload


@guests_allowed
@require_safe
def upload_photo(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Photo, as it was normalised."""
    upload = get_object_or_404(Upload.objects.waiting(signed_in_user(request)), pk=upload_id)
    key = storage.photo_prefix(upload.pk) + storage.PHOTO
    return responses.stored_response(request, key, upload.photo_sha256, Audience.OWNER)


@guests_allowed
@require_safe
def upload_thumbnail(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Thumbnail."""
    upload = get_object_or_404(Upload.objects.waiting(signed_in_user(request)), pk=upload_id)
    key = storage.photo_prefix(upload.pk) + storage.THUMBNAIL
    return responses.stored_response(request, key, upload.thumbnail_sha256, Audience.OWNER)
