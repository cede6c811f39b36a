"""Mark of views that guests may use."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portraits.http.guests_allowed import MARK, guests_allowed


def test_a_view_keeps_the_mark_and_what_other_decorators_have_set() -> None:
    @guests_allowed
    @login_not_required
    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert getattr(view, MARK)
    assert not getattr(view, "login_required", True)
