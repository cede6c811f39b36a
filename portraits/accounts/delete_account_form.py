"""Form with which users delete their account."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from portraits.models import User

WORD = "DELETE"


class DeleteAccountForm(forms.Form):
    """Form that asks for the password; users without one type a word."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    word = forms.CharField(
        label=f"Type {WORD}", widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"})
    )

    prefix = "delete-account"

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.user = user
        del self.fields["word" if user.has_usable_password() else "password"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError("This is not your password.")
        return password

    def clean_word(self) -> str:
        word: str = self.cleaned_data["word"]
        if word != WORD:
            raise ValidationError(f"Please type {WORD} in capital letters.")
        return word
