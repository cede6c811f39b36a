"""Page on which a guest keeps their portraits: by a new account, or by one that they have."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portraits import gallery_items
from portraits.accounts import guests
from portraits.accounts.forms import LoginForm, SignupForm
from portraits.models import Portrait, User


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest) -> HttpResponse:
    """Page with both forms for a guest. For a person who is signed in by a link, a button: its POST keeps them.

    Signing in with a password keeps them by itself (AccountAdapter.post_login).
    """
    guest = guests.current(request.session)
    user = request.user if isinstance(request.user, User) else None
    if guest is None:
        return redirect("portraits" if user else "account_signup")
    if request.method == "POST" and user is not None:
        guests.keep_and_tell(request, user)
        return redirect("portraits")
    mine = gallery_items.with_sessions(Portrait.objects.visible_to(guest))
    items = [gallery_items.gallery_item(portrait) for portrait in mine]
    context = {
        "items": items,
        "until": items[-1].portrait.expires_at if items else guest.guest_until,
        "next": items[0].portrait.get_absolute_url() if len(items) == 1 else reverse("portraits"),
        "sign_in": LoginForm(request=request),
        "sign_up": SignupForm() if get_adapter().is_open_for_signup(request) else None,
    }
    return render(request, "account/keep.html", context)
