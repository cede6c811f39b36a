"""Upload page, and creation of uploads by its form or script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portraits import metrics
from portraits.http.accept import wants_json
from portraits.http.signed_in_user import signed_in_user
from portraits.http.throttle import address_of, allows_upload
from portraits.uploads import lifecycle
from portraits.uploads.forms import UploadForm
from portraits.uploads.validation import UploadRefused


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Upload page; POST creates an upload. JSON responses: 201 {upload, address}, or {code, sentence, details}."""
    if request.method != "POST":
        return render(request, "portraits/upload.html", {"form": UploadForm()})
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, form, UploadRefused("photo_missing"))
    if not allows_upload(request):
        return _refused(request, form, UploadRefused("too_many_uploads"))
    try:
        photo, consent = form.cleaned_data["photo"], form.cleaned_data["consent"]
        created = lifecycle.create_upload(signed_in_user(request), photo, consent, address_of(request))
    except UploadRefused as refusal:
        return _refused(request, form, refusal)
    metrics.upload_accepted()
    address = reverse("confirm", args=[created.pk])
    if wants_json(request):
        return JsonResponse({"upload": str(created.pk), "address": address}, status=201)
    return redirect(address)


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
