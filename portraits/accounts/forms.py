"""allauth's forms with the site's labels: one label a field, no placeholder that says it again."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import app_settings, forms
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.account.models import EmailAddress
from allauth.account.utils import passthrough_next_redirect_url
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from portraits.accounts import reset_messages
from portraits.models import User

LABELS = {
    "login": "E-mail address",
    "email": "E-mail address",
    "password": "Password",
    "oldpassword": "Your password so far",
    "password1": "New password",
    "password2": "The same again",
}
ACCOUNT_IS_THERE = "You can sign in now. If the address had an account before, it is unchanged, and so is its password."
PASSWORD_RULES = "At least 8 characters, not a common word, and nothing like your address."


class SiteFormMixin:
    """Mixin of allauth's forms with the site's labels; it is the first base class."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
        if "password1" in self.fields:
            self.fields["password1"].help_text = PASSWORD_RULES


class LoginForm(SiteFormMixin, forms.LoginForm):
    pass


class SignupForm(SiteFormMixin, forms.SignupForm):
    """Sign-up that says the same, and takes as long, whether or not the address has an account already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "Password"

    def validate_unique_email(self, value: str) -> str:
        """The address, unchanged. One to which a user has merely asked to change counts as free."""
        self.account_already_exists = User.objects.filter(email=value).exists()
        return value

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """New user, if any, and the response where it is not allauth's own to a new account."""
        user = self._create(request)
        if app_settings.EMAIL_VERIFICATION != app_settings.EmailVerificationMethod.MANDATORY:
            return user, _to_sign_in(request)
        if user is not None:
            return user, None
        return None, prevent_enumeration(request, email=self.cleaned_data["email"])

    def _create(self, request: HttpRequest) -> User | None:
        """New user; None for an address that has an account, where hashing the password in vain takes as long."""
        if not self.account_already_exists:
            try:
                with transaction.atomic():
                    return cast(User, self.save(request))
            except IntegrityError:  # of two who came at once, this is the second
                self.account_already_exists = True
        make_password(self.cleaned_data["password1"])
        return None


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in where no message can be sent: the person who chose the password can use it."""
    messages.info(request, ACCOUNT_IS_THERE)
    return redirect(passthrough_next_redirect_url(request, reverse("account_login"), REDIRECT_FIELD_NAME))


class AddEmailForm(SiteFormMixin, forms.AddEmailForm):
    def save(self, request: HttpRequest) -> EmailAddress:
        """New address that waits to be confirmed, in the place of one that waited before.

        allauth would take away the present address as well when it has never been confirmed,
        which is so for everybody where no mail is sent.
        """
        with transaction.atomic():
            waiting = EmailAddress.objects.filter(user=self.user, verified=False)
            waiting.exclude(email=self.user.email).delete()
            address = EmailAddress.objects.create(user=self.user, email=self.cleaned_data["email"])
        send_verification_email_to_address(request, address)
        return address


class ChangePasswordForm(SiteFormMixin, forms.ChangePasswordForm):
    pass


class SetPasswordForm(SiteFormMixin, forms.SetPasswordForm):
    pass


class ResetPasswordForm(SiteFormMixin, forms.ResetPasswordForm):
    def save(self, request: HttpRequest, **more: Any) -> str:
        """Send the message, unless several have been sent within the hour: their links work."""
        email: str = self.cleaned_data["email"].lower()
        if reset_messages.take(request, email):
            super().save(request, **more)
        return email


class ResetPasswordKeyForm(SiteFormMixin, forms.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(SiteFormMixin, forms.ReauthenticateForm):
    pass
