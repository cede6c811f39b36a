"""Account page of a user: address, password, browsers that are signed in, and deletion."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from portraits import deletion
from portraits.accounts import adapter
from portraits.accounts.delete_account_form import DeleteAccountForm
from portraits.http.signed_in_user import signed_in_user
from portraits.models import BrowserSession


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return _page(request, DeleteAccountForm(signed_in_user(request)))


@require_POST
def account_sign_out(request: HttpRequest) -> HttpResponse:
    """Sign the user out in every other browser."""
    ended = adapter.sign_out_everywhere(signed_in_user(request), but=request.session.session_key)
    browsers = "1 other browser" if ended == 1 else f"{ended} other browsers"
    messages.success(request, f"You are signed out of {browsers}." if ended else "You were signed in only here.")
    return redirect("account")


@sensitive_post_parameters()
@require_POST
def account_delete(request: HttpRequest) -> HttpResponse:
    """Delete the account with its portraits, links and files, at once."""
    user = signed_in_user(request)
    too_often: HttpResponse | None = ratelimit.consume_or_429(request, action="delete_account", user=user)
    if too_often:
        return too_often
    form = DeleteAccountForm(user, request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    get_adapter().logout(request)
    deletion.delete_user(user)
    messages.success(request, "Your account and everything in it are deleted. Farewell!")
    return redirect("home")


def _page(request: HttpRequest, form: DeleteAccountForm, status: int = 200) -> HttpResponse:
    user = signed_in_user(request)
    context = {
        "form": form,
        "browsers": BrowserSession.objects.for_user(user).count(),
        "portraits": user.portraits.count(),
    }
    return render(request, "account/settings.html", context, status=status)
