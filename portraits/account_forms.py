"""allauth's forms in the site's words: one label a field, no placeholder that says it again."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from django.db import transaction
from django.http import HttpRequest

LABELS = {
    "login": "E-mail address",
    "email": "E-mail address",
    "password": "Password",
    "oldpassword": "Your password so far",
    "password1": "New password",
    "password2": "The same again",
}
PASSWORD_RULES = "At least 8 characters, not a common word, and nothing like your address."


class Plain:
    """Goes before one of allauth's forms."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
        if "password1" in self.fields:
            self.fields["password1"].help_text = PASSWORD_RULES


class SignIn(Plain, forms.LoginForm):
    pass


class SignUp(Plain, forms.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "Password"


class NewAddress(Plain, forms.AddEmailForm):
    def save(self, request: HttpRequest) -> EmailAddress:
        """Waits to be confirmed, in the place of one that waited before.

        allauth would take away the present address as well when nobody has ever confirmed it,
        which is so for everybody where no mail is sent.
        """
        with transaction.atomic():
            waiting = EmailAddress.objects.filter(user=self.user, verified=False)
            waiting.exclude(email=self.user.email).delete()
            address = EmailAddress.objects.create(user=self.user, email=self.cleaned_data["email"])
        send_verification_email_to_address(request, address)
        return address


class NewPassword(Plain, forms.ChangePasswordForm):
    pass


class FirstPassword(Plain, forms.SetPasswordForm):
    pass


class ForgottenPassword(Plain, forms.ResetPasswordForm):
    pass


class ResetPassword(Plain, forms.ResetPasswordKeyForm):
    pass


class ItIsMe(Plain, forms.ReauthenticateForm):
    pass
