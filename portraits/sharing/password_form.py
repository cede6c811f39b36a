"""Form in which a visitor types the password of a share link."""

from __future__ import annotations

from django import forms

from portraits.models import ShareLink


class PasswordForm(forms.Form):
    """Form with one password."""

    password = forms.CharField(
        label="Password",
        max_length=ShareLink.PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": "Please type the password."},
    )
