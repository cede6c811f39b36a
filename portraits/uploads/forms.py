"""Forms on the way from a photo to a portrait. Fields that a form does not declare are ignored."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django import forms

from gpuworker.contract import (
    FACE_MARGIN,
    LARGE_FRAME,
    MAX_PHOTO_BYTES,
    MIN_FRAME_SIDE,
    MIN_FRAMED_WIDTH,
    MIN_LARGE_WIDTH,
    STANDARD_FRAME,
    Box,
    Framing,
    Size,
)
from gpuworker.errors import PHOTO_FORMATS, BadRequest
from portraits.models import Portrait, Upload
from portraits.uploads import lifecycle
from portraits.uploads.face_report import FaceReport
from portraits.uploads.validation import SENTENCES

MEDIA_TYPES = ",".join(["image/jpeg", "image/png", "image/webp", "image/avif", "image/heic", "image/heif"])
"""Media types of photos for a file chooser."""
EXTENSIONS = ".heic,.heif"
"""File name extensions for systems that do not know the media types of HEIC."""
CROP_LIMITS = {
    "frame": asdict(STANDARD_FRAME),
    "least_framed_face": MIN_FRAMED_WIDTH,
    "large_face": MIN_LARGE_WIDTH,
    "margin": FACE_MARGIN,
}
"""Limits of the worker for the script that moves a crop (static/site/crop.js)."""

FRAMINGS = (("auto", "Head and shoulders"), ("whole", "Whole picture"))
INTENSITIES = (("0.6", "Subtle"), ("1.0", "Natural"), ("1.4", "Lively"))
SIZES = (("standard", str(STANDARD_FRAME).replace("x", " × ")), ("large", str(LARGE_FRAME).replace("x", " × ")))
FRAMES = {"standard": STANDARD_FRAME, "large": LARGE_FRAME}
KEPT = (("", "Keep it"), ("30", "After 30 days"), ("90", "After 90 days"))


class UploadForm(forms.Form):
    """Form with a photo and the consent to use it. validation.validate judges the photo, also an empty one."""

    accept = f"{MEDIA_TYPES},{EXTENSIONS}"
    """Value of the file input's `accept` attribute."""
    formats = PHOTO_FORMATS
    """Names of the photo formats, for the page."""
    megabytes = MAX_PHOTO_BYTES >> 20
    """Size limit of a photo, for the page and its script (static/site/upload.js)."""
    too_large = SENTENCES["upload_too_large"]
    """Sentence that the script shows for a larger file."""

    photo = forms.FileField(label="Photo", allow_empty_file=True)
    consent = forms.BooleanField(
        label="I may use this photo, and the person in it agrees to be shown this way.", required=False
    )


class PlaceForm(forms.Form):
    """Form with a position in a photo, 0 … 1 of its width and height."""

    x = forms.FloatField(min_value=0, max_value=1)
    y = forms.FloatField(min_value=0, max_value=1)


class ConfirmForm(forms.Form):
    """Form with the face, crop and options of one upload. `options` is the argument of lifecycle.create_portrait."""

    face = forms.TypedChoiceField(
        coerce=int, error_messages=dict.fromkeys(("invalid_choice", "required"), "Please choose one of the faces.")
    )
    framing = forms.ChoiceField(choices=FRAMINGS, required=False)
    crop = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)
    remove_background = forms.BooleanField(
        label="Remove the background",
        help_text="Shows only the person, on the page itself.",
        required=False,
    )
    intensity = forms.ChoiceField(choices=INTENSITIES, required=False)
    size = forms.ChoiceField(choices=SIZES, required=False)
    kept = forms.ChoiceField(choices=KEPT, required=False)
    title = forms.CharField(max_length=Portrait.TITLE_LENGTH, required=False)

    def __init__(self, *args: Any, upload: Upload, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.upload = upload
        if upload.owner.is_guest:
            del self.fields["kept"]  # a guest's are deleted after a day
        self.usable = {face.index: face for face in lifecycle.faces(upload) if face.usable}
        faces: Any = self.fields["face"]
        faces.choices = [(index, f"Face {index + 1}") for index in self.usable]

    def clean_crop(self) -> Box | None:
        """Crop parsed from `x,y,width,height`, pixels of the photo."""
        text = self.cleaned_data["crop"]
        if not text:
            return None
        try:
            return Box.parse(text)
        except BadRequest as error:
            raise forms.ValidationError("This crop could not be read. Please adjust it again.") from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            face = self.usable[cleaned["face"]]
            self._check_face_is_large(face)
        if not self.errors:
            self._check_face_is_visible(face)
        return cleaned

    @property
    def options(self) -> lifecycle.PortraitOptions:
        """Options of a valid form."""
        cleaned = self.cleaned_data
        return lifecycle.PortraitOptions(
            face=self.usable[cleaned["face"]],
            framing=self._framing(),
            intensity=float(cleaned["intensity"] or 1.0),
            frame=self._frame(),
            remove_background=cleaned["remove_background"],
            lifetime=timedelta(days=int(cleaned["kept"])) if cleaned.get("kept") else None,
            title=cleaned["title"],
        )

    def _framing(self) -> Framing:
        if self.cleaned_data["framing"] == "whole":
            return "whole"
        crop: Box | None = self.cleaned_data["crop"]
        return crop or "auto"

    def _frame(self) -> Size:
        return FRAMES[self.cleaned_data["size"] or "standard"]

    def _check_face_is_large(self, face: FaceReport) -> None:
        if self._frame() == LARGE_FRAME and face.width < MIN_LARGE_WIDTH:
            needed = f"at least {MIN_LARGE_WIDTH:.0f} pixels wide; this one has {face.width:.0f}"
            self.add_error("size", f"The large size needs a face {needed}.")

    def _check_face_is_visible(self, face: FaceReport) -> None:
        """Adds now the errors for which the worker would refuse later."""
        framing, frame = self._framing(), self._frame()
        if framing == "auto":
            return
        if isinstance(framing, Box):
            if not _shows(framing, face.box):
                self.add_error("crop", "The crop does not show the face. Please move it over the face.")
            scale = frame.width / framing.width
        else:
            longest = max(self.upload.width, self.upload.height)
            scale = frame.height / longest
            if min(self.upload.width, self.upload.height) * scale < MIN_FRAME_SIDE:
                self.add_error("framing", "This picture is too narrow to be kept whole.")
        if face.width * scale < MIN_FRAMED_WIDTH:
            self.add_error("framing", "The face would be too small to show where it looks. Please crop closer to it.")


class TitleForm(forms.Form):
    """Form with a portrait's title."""

    title = forms.CharField(label="Title", max_length=Portrait.TITLE_LENGTH, required=False)


def _shows(crop: Box, face: Box) -> bool:
    """Whether the middle of the face lies in the crop."""
    x, y = face.x + face.width / 2, face.y + face.height / 2
    return crop.x <= x <= crop.x + crop.width and crop.y <= y <= crop.y + crop.height
