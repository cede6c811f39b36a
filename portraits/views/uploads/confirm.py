"""Which face, which part of the picture, which options: one click makes the portrait as it is suggested."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from gpuworker.contract import MIN_LARGE_WIDTH, Box
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Portrait, Upload, User
from portraits.uploads import lifecycle
from portraits.uploads.face_report import FaceReport
from portraits.uploads.forms import CROP_LIMITS, ConfirmForm
from portraits.uploads.validation import UploadRefused

ROOM = 0.3
"""Around a face's own picture, in its sides: hair and chin make it known."""


@dataclass(frozen=True)
class FaceOption:
    """One face as the chooser shows it. refusal: why it cannot be chosen."""

    index: int
    box: Box
    view_box: str
    refusal: str | None


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Once the portrait is made, its page: however often and whenever the form is sent."""
    upload = Upload.objects.waiting(signed_in_user(request)).select_related("owner").filter(pk=upload_id).first()
    if upload is None:
        return redirect(_made(signed_in_user(request), upload_id))
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


def _made(owner: User, upload_id: UUID) -> Portrait:
    """The portrait that the upload has become, or 404."""
    portrait = Portrait.objects.visible_to(owner).filter(pk=upload_id).first()
    if portrait is None:
        raise Http404
    return portrait


def confirm_page(
    request: HttpRequest, upload: Upload, form: ConfirmForm | None = None, refusal: UploadRefused | None = None
) -> HttpResponse:
    """form: one that was filled in wrongly. refusal: why there is no face where its owner pointed."""
    faces = lifecycle.faces(upload)
    usable = [face for face in faces if face.usable]
    chosen = _chosen(request, upload, usable)
    context = {
        "upload": upload,
        "form": form or ConfirmForm(upload=upload),
        "refusal": refusal,
        "faces": [_choice(face) for face in usable],
        "refused": [_choice(face) for face in faces if not face.usable],
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
    """Face that the owner has chosen or pointed at, else the one that is plainly meant; None when none is."""
    asked = request.POST.get("face") or request.GET.get("face")
    named = next((face for face in usable if str(face.index) == asked), None)
    return named or lifecycle.suggested(upload)


def _choice(face: FaceReport) -> FaceOption:
    box = face.box
    around = Box(
        box.x - ROOM * box.width, box.y - ROOM * box.height, (1 + 2 * ROOM) * box.width, (1 + 2 * ROOM) * box.height
    )
    return FaceOption(face.index, box, _view_box(around), face.sentence)


def _view_box(box: Box) -> str:
    """The viewBox of an SVG that shows this box."""
    return f"{box.x:.0f} {box.y:.0f} {box.width:.0f} {box.height:.0f}"
