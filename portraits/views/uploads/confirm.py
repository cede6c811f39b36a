"""Confirm page: face, crop and options of an upload, with defaults that one click accepts."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from gpuworker.contract import MIN_LARGE_WIDTH, Box
from portraits.http.guests_allowed import guests_allowed
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Portrait, Upload, User
from portraits.uploads import lifecycle
from portraits.uploads.face_report import FaceReport
from portraits.uploads.forms import CROP_LIMITS, ConfirmForm
from portraits.uploads.validation import UploadRefused

FACE_PADDING = 0.3
"""Padding around a face's picture, as a share of its sides, so that hair and chin are visible."""


@dataclass(frozen=True)
class FaceOption:
    """Face as the page offers it."""

    index: int
    """Index of its FaceReport."""
    box: Box
    """Bounds, pixels of the photo."""
    view_box: str
    """SVG viewBox of its picture."""
    refusal: str | None
    """Sentence about why it cannot be chosen; None when it can."""


@guests_allowed
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Confirm page; once the portrait exists, a redirect to it, however often the form is sent."""
    upload = Upload.objects.waiting(signed_in_user(request)).select_related("owner").filter(pk=upload_id).first()
    if upload is None:
        return redirect(_created_portrait(signed_in_user(request), upload_id))
    if request.method != "POST":
        return confirm_page(request, upload)
    form = ConfirmForm(request.POST, upload=upload)
    if not form.is_valid():
        return confirm_page(request, upload, form)
    try:
        session = lifecycle.create_portrait(upload, form.options)
    except lifecycle.UploadGone:
        raise Http404 from None
    return redirect(session.portrait)


def _created_portrait(owner: User, upload_id: UUID) -> Portrait:
    """Portrait that was created from the upload. Raises Http404."""
    portrait = Portrait.objects.visible_to(owner).filter(pk=upload_id).first()
    if portrait is None:
        raise Http404
    return portrait


def confirm_page(
    request: HttpRequest, upload: Upload, form: ConfirmForm | None = None, refusal: UploadRefused | None = None
) -> HttpResponse:
    """Response with the page. form: an invalid one. refusal: why there is no face where the owner pointed."""
    faces = lifecycle.faces(upload)
    usable = [face for face in faces if face.usable]
    chosen = _chosen(request, upload, usable)
    context = {
        "upload": upload,
        "form": form or ConfirmForm(upload=upload),
        "refusal": refusal,
        "faces": [_face_option(face) for face in usable],
        "refused": [_face_option(face) for face in faces if not face.usable],
        "chosen": chosen,
        "asks": chosen is None or len(usable) > 1,
        "view_box": _view_box(chosen.crop or chosen.box) if chosen else f"0 0 {upload.width} {upload.height}",
        "large_fits": any(face.width >= MIN_LARGE_WIDTH for face in usable),
        "crop_data": {
            "width": upload.width,
            "height": upload.height,
            "limits": CROP_LIMITS,
            "faces": [face.to_json() for face in usable],
        },
    }
    status = refusal.status if refusal else 422 if form else 200
    return render(request, "portraits/confirm.html", context, status=status)


def _chosen(request: HttpRequest, upload: Upload, usable: list[FaceReport]) -> FaceReport | None:
    """Face that the owner chose or pointed at, else the suggested one; None when there is neither."""
    asked = request.POST.get("face") or request.GET.get("face")
    named = next((face for face in usable if str(face.index) == asked), None)
    return named or lifecycle.suggested(upload)


def _face_option(face: FaceReport) -> FaceOption:
    box = face.box
    padding, scale = FACE_PADDING, 1 + 2 * FACE_PADDING
    around = Box(box.x - padding * box.width, box.y - padding * box.height, scale * box.width, scale * box.height)
    return FaceOption(face.index, box, _view_box(around), face.sentence)


def _view_box(box: Box) -> str:
    """Value of an SVG's viewBox attribute that shows this box."""
    return f"{box.x:.0f} {box.y:.0f} {box.width:.0f} {box.height:.0f}"
