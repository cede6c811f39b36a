"""Password of a share link: the page that asks for it, and the check of what was typed."""

from __future__ import annotations

import secrets

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portraits.http.throttle import PASSWORDS, PASSWORDS_OF_LINK, Throttle, address_of
from portraits.models import ShareLink
from portraits.sharing import password_cookie, remembered_passwords
from portraits.sharing.password_form import PasswordForm
from portraits.views.shares.share_link_required import link_required, too_many
from portraits.views.shares.share_report import WITHOUT_PATH


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@link_required(locked=None)
def share_password(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """Check of the password; a right one leads to the link's page."""
    if request.method != "POST" or not link.password:
        return redirect("share", token)
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return password_page(request, token, form)
    counters = [(PASSWORDS, address_of(request)), (PASSWORDS_OF_LINK, link.pk.hex)]
    for throttle, key in counters:
        seconds = throttle.wait(key)
        if seconds is not None:
            return too_many(request, seconds)
    if not _is_right(link, form.cleaned_data["password"], counters):
        form.add_error("password", "That is not the password of this link.")
        return password_page(request, token, form)
    response = redirect("share", token)
    password_cookie.set_on(response, link, token)
    return response


def _is_right(link: ShareLink, password: str, counters: list[tuple[Throttle, str]]) -> bool:
    """Whether it is the link's password. A try is counted before it costs a hash, and given back if it was right."""
    if remembered_passwords.remembers(link, password):
        return True
    for throttle, key in counters:
        throttle.count(key, secrets.token_hex(8))
    if not link.check_password(password):
        return False
    for throttle, key in counters:
        throttle.give_back(key)
    remembered_passwords.remember(link, password)
    return True


def password_page(request: HttpRequest, token: str, form: PasswordForm | None = None) -> HttpResponse:
    """Response of 403 that asks for the password and tells nothing of the portrait."""
    response = render(request, "share/password.html", {"token": token, "form": form or PasswordForm()}, status=403)
    response["Referrer-Policy"] = WITHOUT_PATH
    return response
