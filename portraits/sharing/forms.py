"""Form for a new share link."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from portraits.models import Portrait, ShareLink

DAYS = (("", "Always"), ("1", "1 day"), ("7", "7 days"), ("30", "30 days"))
MAX_LINKS = 100
"""Live links of one portrait."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
"""Control characters, and those that turn the direction of what is written around a name."""


class ShareForm(forms.Form):
    """Form with the name, lifetime and password of a new link to one portrait, and the size of its photo."""

    name = forms.CharField(
        label="Name",
        help_text="Only you see it: whom the link is for, or where it stands.",
        max_length=ShareLink.NAME_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "aria-describedby": "share-name-help"}),
    )
    days = forms.ChoiceField(label="How long shall it work?", choices=DAYS, required=False, widget=forms.RadioSelect)
    password = forms.CharField(
        label="Password",
        help_text="Optional: people then need the link and the password.",
        min_length=ShareLink.PASSWORD_SHORTEST,
        max_length=ShareLink.PASSWORD_LENGTH,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "aria-describedby": "share-password-help"}
        ),
    )
    standard = forms.BooleanField(
        label="Show it in standard size only",
        help_text="The photo is then as large as a frame, and less sharp on good screens.",
        required=False,
        widget=forms.CheckboxInput(attrs={"aria-describedby": "share-reveals"}),
    )

    def __init__(self, *args: Any, portrait: Portrait, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.portrait = portrait

    def clean_name(self) -> str:
        """Name without control characters and runs of spaces; empty where nothing of it can be seen."""
        name = " ".join(_CONTROLS.sub(" ", self.cleaned_data["name"]).split())
        return name if any(unicodedata.category(letter)[0] in "LNPS" for letter in name) else ""

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
