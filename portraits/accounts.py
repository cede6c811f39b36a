"""Sign-up and sign-in: what allauth asks the site, and the one-time link that `make run` prints."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from portraits.models import User


class Accounts(DefaultAccountAdapter):
    """allauth's adapter, with e-mail addresses in lower case so that each person has one account."""

    def clean_email(self, email: str) -> str:
        return super().clean_email(email).lower()


class _OneTimeLinks(PasswordResetTokenGenerator):
    """A token is spent by the sign-in itself: it holds the last one's time."""

    key_salt = "portraits.accounts.one_time_link"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{user.pk}{user.last_login}{user.is_active}{timestamp}"


_links = _OneTimeLinks()


def one_time_path(user: User) -> str:
    """The path of a link that signs this person in, once."""
    return reverse("one-time-sign-in", args=[urlsafe_base64_encode(str(user.pk).encode()), _links.make_token(user)])


def user_of_link(user_id: str, token: str) -> User | None:
    """Whom the link signs in; None when it is wrong, used or too old."""
    try:
        user = User.objects.get(pk=urlsafe_base64_decode(user_id).decode(), is_active=True)
    except (ValueError, OverflowError, UnicodeDecodeError, User.DoesNotExist):
        return None
    return user if _links.check_token(user, token) else None
