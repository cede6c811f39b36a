"""allauth's forms in the site's words: one label a field, no placeholder that says it again."""

from __future__ import annotations

from typing import Any

from allauth.account import forms

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
    pass


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
