"""Script of the element under an address that names its version, for pages of any origin."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from portraits.files import element_versions

ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
FOR_EVER = "public, max-age=31536000, immutable"


@login_not_required
@require_safe
@gzip_page
def element_script(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """File of one version: the current one, or one that the share panel has ever named.

    Any other leads to the current one: a page of this site may be older than the process that answers. A tag with
    `integrity` refuses it.
    """
    try:
        content = element_versions.read(version, name)
    except FileNotFoundError:
        return HttpResponseRedirect(static(f"gaze/{name}"), headers={**ANY_ORIGIN, "Cache-Control": "no-store"})
    return HttpResponse(
        content, content_type="text/javascript; charset=utf-8", headers={**ANY_ORIGIN, "Cache-Control": FOR_EVER}
    )
