"""Link that `make run` prints: it signs one user in, once."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from portraits.accounts import adapter, guests


@login_not_required
@require_GET  # not HEAD: a client that only looks at the link must not spend it
def one_time_sign_in(request: HttpRequest, user_id: str, token: str) -> HttpResponse:
    """Redirect to the home page, or to that on which a guest's portraits are kept, whatever else the address says.

    404 for a link that is wrong, used or too old.
    A user who is signed in there stays so, and the link is not spent: no link signs anybody out.
    """
    if request.user.is_authenticated:
        messages.info(request, f"You are signed in as {request.user}. To use the link, please sign out first.")
        return redirect("home")
    too_often: HttpResponse | None = ratelimit.consume_or_429(request, action="one_time_sign_in", limit_get=True)
    if too_often:
        return too_often
    user = adapter.spend_link(user_id, token)
    if user is None:
        return render(request, "account/link_spent.html", status=404)
    get_adapter().login(request, user)
    # Asked and not taken: another person may have made the link, and would get this browser's photo.
    return redirect("home" if guests.current(request.session) is None else "keep")
