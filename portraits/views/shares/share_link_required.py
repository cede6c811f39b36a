"""Decorators of all views below a share link: they check that the link is live, and its password."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from portraits.http.throttle import GUESSES, address_of
from portraits.models import ShareLink
from portraits.models.share import hash_token
from portraits.sharing import password_cookie
from portraits.views.shares.frameable import frameable

View = Callable[..., HttpResponse]
Locked = Callable[[HttpRequest, str], HttpResponse]
"""Response of 403 to a visitor who has not typed the link's password, by request and token."""
CROSS_ORIGIN_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods of views that pages of other origins may use."""


def link_required(locked: Locked | None) -> Callable[[View], View]:
    """Call `view(request, link, token, …)` for a live link; else respond with 404.

    A client that has tried too many tokens that never existed gets 429, even for a real token, because any other
    response would reveal which tokens exist. locked: response where the link has a password that the visitor has not
    typed; None for the view that checks it.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, token: str, **kwargs: str) -> HttpResponse:
            response = _answer(request, token, _unlocked(view, locked) if locked else view, kwargs)
            response.headers.setdefault("Referrer-Policy", "no-referrer")
            response["X-Robots-Tag"] = "noindex, nofollow, noimageindex"
            return response

        return guarded

    return decorate


def share_link_required(view: View) -> View:
    """Call the view as `link_required` does; a card says that there is a password, on this site's page."""
    return link_required(_locked_card)(view)


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """Response of 429 with Retry-After."""
    response = _refusal(request, "share/too_many.html", 429)
    response["Retry-After"] = str(seconds)
    return response


def preflight() -> HttpResponse:
    """Response to a CORS preflight: any origin may read, without cookies."""
    headers = {
        "Allow": ", ".join(CROSS_ORIGIN_METHODS),
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Allow-Headers": "If-None-Match",
        "Access-Control-Max-Age": "600",
    }
    return HttpResponse(status=204, headers=headers)


def _unlocked(view: View, locked: Locked) -> View:
    """View that asks for the link's password where it has one; what it then shows is for this visitor's browser."""

    def checked(request: HttpRequest, link: ShareLink, token: str, **kwargs: str) -> HttpResponse:
        if not link.password:
            return view(request, link, token, **kwargs)
        if not password_cookie.is_right(request, link):
            return locked(request, token)
        response = view(request, link, token, **kwargs)
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Cookie"])
        return response

    return checked


def _locked_card(request: HttpRequest, token: str) -> HttpResponse:
    return _refusal(request, "share/locked.html", 403, token=token)


def _answer(request: HttpRequest, token: str, view: View, kwargs: dict[str, str]) -> HttpResponse:
    address = address_of(request)
    seconds = GUESSES.wait(address)
    if seconds is not None:
        return too_many(request, seconds)
    link = ShareLink.objects.for_token(token).select_related("portrait").first()
    if link is None:
        if not ShareLink.was_made(token):
            GUESSES.count(address, hash_token(token))
        return _refusal(request, "share/gone.html", 404)
    try:
        return view(request, link, token, **kwargs)
    except Http404:
        return _refusal(request, "share/gone.html", 404)


@frameable
def _refusal(request: HttpRequest, template: str, status: int, **context: str) -> HttpResponse:
    """Error page that may be framed, with a status that the element on other sites can read."""
    response = render(request, template, context, status=status)
    response["Access-Control-Allow-Origin"] = "*"
    return response
