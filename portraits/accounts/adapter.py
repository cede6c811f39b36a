"""allauth's adapter for this site, the sign-out of all browsers, and the one-time link of `make run`."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlsafe_base64_decode, urlsafe_base64_encode

from portraits.accounts import guests, known_browser, login_limits, reset_messages
from portraits.live import publisher
from portraits.models import BrowserSession, User
from portraits.models.browser import hash_session_key


class AccountAdapter(DefaultAccountAdapter):
    """Adapter of allauth. Each way of ending a sign-in closes its sockets once it has ended, not before."""

    def clean_email(self, email: str) -> str:
        """Address in lower case, so that each person has one account."""
        return super().clean_email(email).lower()

    def logout(self, request: HttpRequest) -> None:
        user_id = request.user.pk
        super().logout(request)
        if user_id is not None:
            publisher.close_sockets_of(user_id)

    def set_password(self, user: User, password: str) -> None:
        """Change, reset or set the password, and sign out every other browser, which used the old one."""
        super().set_password(user, password)
        current = self.request.session.session_key if self.request else None
        sign_out_everywhere(user, but=current)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try to sign in. Raises ValidationError when there were too many wrong passwords."""
        self._login_failed_rl_usage = login_limits.take(request, self.clean_email(credentials.get("email", "")))
        if self._login_failed_rl_usage is None:
            raise self.validation_error("too_many_login_attempts")

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        """Also keep what this browser's guest has made: a password has just shown whose account it is."""
        guests.keep_and_tell(request, user)
        response: HttpResponse = super().post_login(request, user, **more)
        known_browser.remember(request, response, user)
        reset_messages.forget(request, user.email)
        return response

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        login_limits.forgive(request, self.clean_email(credentials.get("email", "")))

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """Confirm an address, unless another user has signed up with it in the meantime, confirmed or not."""
        if User.objects.filter(email=email_address.email).exclude(pk=email_address.user_id).exists():
            told = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, told, {"email": email_address.email})
            return False
        confirmed: bool = super().confirm_email(request, email_address)
        return confirmed

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """403 at once: allauth's redirect leads to a page that needs a login."""
        return render(request, "account/account_inactive.html", status=403)

    def is_safe_url(self, url: str) -> bool:
        """Whether it leads to this very host: ALLOWED_HOSTS may name others, without their ports."""
        return url_has_allowed_host_and_scheme(url, {self.request.get_host()}, require_https=self.request.is_secure())

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Address with the site's own name: the name by which a browser asks for the site has no place in a mail."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL + path.replace("UID-KEY", key)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.SITE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])


def sign_out_everywhere(user: User, but: str | None = None) -> int:
    """End the user's sessions in all browsers, save the one with the session key `but`. Number of those ended."""
    ended, _ = BrowserSession.objects.for_user(user).exclude(pk=hash_session_key(but or "")).delete()
    publisher.close_sockets_of(user.pk)
    return ended


class _OneTimeLinkTokenGenerator(PasswordResetTokenGenerator):
    """Generator of tokens that are spent by the sign-in itself: they hold the last one's time."""

    # Part of links that are under way, and so it stays when this module moves.
    key_salt = "portraits.accounts.one_time_link"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{user.pk}{user.password}{user.last_login}{user.is_active}{timestamp}"


_link_tokens = _OneTimeLinkTokenGenerator()


def one_time_path(user: User) -> str:
    """Path of a link that signs this user in, once."""
    return reverse(
        "one-time-sign-in", args=[urlsafe_base64_encode(str(user.pk).encode()), _link_tokens.make_token(user)]
    )


def user_of_link(user_id: str, token: str) -> User | None:
    """User whom the link signs in; None when it is wrong, used or too old, or a guest's, who never signs in."""
    try:
        user = User.objects.get(pk=urlsafe_base64_decode(user_id).decode(), is_active=True, guest_until=None)
    except (ValueError, OverflowError, UnicodeDecodeError, User.DoesNotExist):
        return None
    return user if _link_tokens.check_token(user, token) else None


def spend_link(user_id: str, token: str) -> User | None:
    """User whom the link signs in, as user_of_link, once: when two calls come at the same time, one wins."""
    user = user_of_link(user_id, token)
    if user is None:
        return None
    unspent = User.objects.filter(pk=user.pk, last_login=user.last_login)
    return user if unspent.update(last_login=timezone.now()) == 1 else None
