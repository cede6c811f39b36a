"""Which face, which part of the picture, which options: one click makes the portrait as it is suggested."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portraits import intake
from portraits.forms import LARGE_FACE, ConfirmForm
from portraits.models import Portrait, Upload, User
from portraits.views.person import person


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Once the portrait is made, its page: however often and whenever the form is sent."""
    upload = Upload.objects.waiting(person(request)).select_related("owner").filter(pk=upload_id).first()
    if upload is None:
        return redirect(_made(person(request), upload_id))
    if request.method != "POST":
        return _page(request, upload, None)
    form = ConfirmForm(request.POST, upload=upload)
    if not form.is_valid():
        return _page(request, upload, form)
    try:
        session = intake.adopt(upload, form.choice)
    except intake.UploadGone:
        raise Http404 from None
    return redirect(session.portrait)


def _made(owner: User, upload_id: UUID) -> Portrait:
    """The portrait that the upload has become, or 404."""
    portrait = Portrait.objects.visible_to(owner).filter(pk=upload_id).first()
    if portrait is None:
        raise Http404
    return portrait


def _page(request: HttpRequest, upload: Upload, form: ConfirmForm | None) -> HttpResponse:
    chosen = intake.suggested(upload)
    faces = intake.faces(upload)
    context = {
        "upload": upload,
        "form": form or ConfirmForm(upload=upload, initial={"face": chosen.index, "framing": "auto"}),
        "faces": faces,
        "usable": [face for face in faces if face.usable],
        "chosen": chosen,
        "large_fits": any(face.usable and face.width >= LARGE_FACE for face in faces),
        "crop_data": {
            "width": upload.width,
            "height": upload.height,
            "faces": [face.to_json() for face in faces if face.usable],
        },
    }
    return render(request, "portraits/confirm.html", context, status=422 if form else 200)
