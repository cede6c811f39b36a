"""Files of a shared portrait, for pages of any origin."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from gpuworker.contract import SHEETS
from portraits.files import responses
from portraits.files.responses import Audience
from portraits.http import outages
from portraits.live import publisher
from portraits.models import Output, ShareLink
from portraits.rendering import dispatch
from portraits.views.shares.share_link_required import CROSS_ORIGIN_METHODS, preflight, share_link_required

PLAIN_SHEETS = (*SHEETS["mobile"], *SHEETS["full"])
"""Names that the original app's tags load from a folder."""


@login_not_required
@require_http_methods(CROSS_ORIGIN_METHODS)
@share_link_required
def share_file(request: HttpRequest, link: ShareLink, token: str, name: str) -> HttpResponse:
    """File that the manifest lists, or a sheet by the original app's name."""
    if request.method == "OPTIONS":
        return preflight()
    output = link.output
    if output is None:
        raise Http404
    if name in PLAIN_SHEETS:
        return _plain_sheet(request, output, name)
    return responses.file_response(request, output, name, Audience.PUBLIC, standard=link.standard)


def _plain_sheet(request: HttpRequest, output: Output, name: str) -> HttpResponse:
    """Sheet under the original app's name, for pages with its tags; 503 while it is being made.

    The first request has the sheets made where they wait for one. Raises Http404 where they failed or were stopped:
    strangers order no second render.
    """
    if output.has_sheets:
        return responses.file_response(request, output, publisher.file_name(output, name), Audience.PUBLIC)
    if not dispatch.ask_for_sheets(output.render.session, again=False):
        raise Http404
    response = outages.response(request, outages.SHEETS_UNDER_WAY)
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "Retry-After"
    return response
