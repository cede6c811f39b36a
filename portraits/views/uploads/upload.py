"""Upload page, and creation of uploads by its form or script."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portraits import metrics
from portraits.accounts import guests
from portraits.http.accept import wants_json
from portraits.http.guests_allowed import guests_allowed
from portraits.http.throttle import address_of, allows_guest_upload, allows_upload
from portraits.models import User
from portraits.uploads import lifecycle
from portraits.uploads.forms import UploadForm
from portraits.uploads.validation import UploadRefused


@guests_allowed
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Upload page; POST creates an upload. JSON responses: 201 {upload, address}, or {code, sentence, details}.

    Without an account it is a guest's, where the site takes guests; else it leads to the sign-in.
    """
    owner = guests.uploader(request)
    if owner is None:
        return redirect_to_login(request.get_full_path())
    if request.method != "POST":
        return render(request, "portraits/upload.html", {"form": UploadForm()})
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, form, UploadRefused("photo_missing"))
    try:
        _check_limits(request, owner)
        photo, consent = form.cleaned_data["photo"], form.cleaned_data["consent"]
        created = lifecycle.create_upload(owner, photo, consent, address_of(request))
    except UploadRefused as refusal:
        return _refused(request, form, refusal)
    guests.remember(request, owner)
    metrics.upload_accepted()
    address = reverse("confirm", args=[created.pk])
    if wants_json(request):
        return JsonResponse({"upload": str(created.pk), "address": address}, status=201)
    return redirect(address)


def _check_limits(request: HttpRequest, owner: User) -> None:
    """Count the photo against the limits of its address. Raises UploadRefused."""
    if owner.is_guest and not allows_guest_upload(request):
        raise UploadRefused("too_many_guest_uploads")
    if not allows_upload(request):
        raise UploadRefused("too_many_uploads")


def _refused(request: HttpRequest, form: UploadForm, refusal: UploadRefused) -> HttpResponse:
    metrics.upload_refused(refusal.code)
    if wants_json(request):
        response: HttpResponse = JsonResponse({**refusal.to_json(), "details": {}}, status=refusal.status)
    else:
        context = {"form": form, "refusal": refusal}
        response = render(request, "portraits/upload.html", context, status=refusal.status)
    if refusal.retry_seconds is not None:
        response["Retry-After"] = str(refusal.retry_seconds)
    return response
