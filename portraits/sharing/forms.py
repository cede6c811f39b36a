"""How long a new share link shall work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from portraits.models import Portrait

DAYS = (("", "Always"), ("1", "1 day"), ("7", "7 days"), ("30", "30 days"))
MOST_LINKS = 50
"""Live ones of one portrait."""


class ShareForm(forms.Form):
    days = forms.ChoiceField(label="How long shall it work?", choices=DAYS, required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, portrait: Portrait, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.portrait = portrait

    def clean(self) -> dict[str, Any]:
        """Whether there may be another link."""
        if self.portrait.hidden:
            raise forms.ValidationError("A moderator has hidden this portrait, so it cannot be shared.")
        if self.portrait.share_links.live().count() >= MOST_LINKS:
            raise forms.ValidationError(
                f"There are {MOST_LINKS} links to this portrait already. Please revoke one of them first."
            )
        return super().clean() or self.cleaned_data

    @property
    def expires_at(self) -> datetime | None:
        """Of a valid form; None is never."""
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None
