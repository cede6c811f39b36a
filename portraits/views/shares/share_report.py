"""Report by a visitor about a shared portrait."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portraits.http.throttle import REPORTS, address_of
from portraits.models import Report, ShareLink
from portraits.sharing.report_form import ReportForm
from portraits.views.shares.share_link_required import share_link_required, too_many

WITHOUT_PATH = "strict-origin"
"""Value of Referrer-Policy. With no-referrer, browsers send forms with `Origin: null`, which Django refuses."""


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@share_link_required
def share_report(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """Form, and thanks once it has been sent."""
    form = ReportForm(request.POST if request.method == "POST" else None, label_suffix="")
    if request.method == "POST":
        address = address_of(request)
        seconds = REPORTS.wait(address)
        if seconds is not None:
            return too_many(request, seconds)
        if form.is_valid():
            Report.objects.create(portrait=link.portrait, **form.cleaned_data)
            REPORTS.count(address, uuid.uuid4().hex)
            return redirect(f"{request.path}?sent")
    sent = "sent" in request.GET and not form.is_bound
    response = render(request, "share/report.html", {"token": token, "form": form, "sent": sent})
    response.status_code = 422 if form.errors else 200
    response["Referrer-Policy"] = WITHOUT_PATH
    return response
