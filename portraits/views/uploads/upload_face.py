"""Detection of a face at a position that the photo's owner points at."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from portraits.http.accept import wants_json
from portraits.http.guests_allowed import guests_allowed
from portraits.http.signed_in_user import signed_in_user
from portraits.http.throttle import address_of, allows_place
from portraits.models import Upload
from portraits.uploads import lifecycle
from portraits.uploads.forms import PlaceForm
from portraits.uploads.validation import UploadRefused
from portraits.views.uploads.confirm import confirm_page


@guests_allowed
@require_POST
def upload_face(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Add the face at a position to the upload. JSON responses: 201 with the face report, or {code, sentence}."""
    upload = get_object_or_404(Upload.objects.waiting(signed_in_user(request)).select_related("owner"), pk=upload_id)
    try:
        face = lifecycle.find_face(upload, *_place(request), address_of(request))
    except UploadRefused as refusal:
        return _refused(request, upload, refusal)
    except lifecycle.UploadGone:
        raise Http404 from None
    if wants_json(request):
        return JsonResponse(face.to_json(), status=201)
    return redirect(f"{reverse('confirm', args=[upload.pk])}?face={face.index}")


def _place(request: HttpRequest) -> tuple[float, float]:
    """Position in the photo, 0 … 1 of its width and height. Raises UploadRefused."""
    form = PlaceForm(request.POST)
    if not form.is_valid():
        raise UploadRefused("place_missing")
    if not allows_place(request):
        raise UploadRefused("too_many_places")
    return form.cleaned_data["x"], form.cleaned_data["y"]


def _refused(request: HttpRequest, upload: Upload, refusal: UploadRefused) -> HttpResponse:
    if wants_json(request):
        response: HttpResponse = JsonResponse(refusal.to_json(), status=refusal.status)
    else:
        response = confirm_page(request, upload, refusal=refusal)
    if refusal.retry_seconds is not None:
        response["Retry-After"] = str(refusal.retry_seconds)
    return response
