"""Form for a new share link."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from portraits.models import Portrait

DAYS = (("", "Always"), ("1", "1 day"), ("7", "7 days"), ("30", "30 days"))
MAX_LINKS = 50
"""Live links of one portrait."""


class ShareForm(forms.Form):
    """Form with the lifetime of a new link to one portrait, and the size in which it shows the photo."""

    days = forms.ChoiceField(label="How long shall it work?", choices=DAYS, required=False, widget=forms.RadioSelect)
    standard = forms.BooleanField(
        label="Show it in standard size only",
        help_text="The photo is then as large as a frame, and less sharp on good screens.",
        required=False,
        widget=forms.CheckboxInput(attrs={"aria-describedby": "share-reveals"}),
    )

    def __init__(self, *args: Any, portrait: Portrait, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.portrait = portrait

    def clean(self) -> dict[str, Any]:
        """Check that the portrait may have another link."""
        if self.portrait.hidden:
            raise forms.ValidationError("A moderator has hidden this portrait, so it cannot be shared.")
        if self.portrait.share_links.live().count() >= MAX_LINKS:
            raise forms.ValidationError(
                f"There are {MAX_LINKS} links to this portrait already. Please revoke one of them first."
            )
        return super().clean() or self.cleaned_data

    @property
    def expires_at(self) -> datetime | None:
        """Expiry chosen in a valid form; None for a link that never expires."""
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None
