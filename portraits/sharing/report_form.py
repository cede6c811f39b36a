"""Form for a report about a shared portrait."""

from __future__ import annotations

from django import forms

from portraits.models import Report


class ReportForm(forms.Form):
    """Form whose cleaned data are fields of a Report."""

    reason = forms.ChoiceField(
        label="What is wrong with it?",
        choices=Report.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Please choose what is wrong with it."},
    )
    text = forms.CharField(
        label="What should we know?",
        help_text="Optional.",
        max_length=Report.TEXT_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    email = forms.EmailField(
        label="Your e-mail address",
        help_text="Optional. We use it to ask you about this, and for nothing else.",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
