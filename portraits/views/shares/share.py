"""Public page of a share link."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from gpuworker.contract import CARD_NAME, POSTER_NAME
from portraits.live import publisher
from portraits.models import Output, ShareLink
from portraits.sharing import link_preview, looks
from portraits.sharing.share_urls import ShareURLs
from portraits.views.shares.share_link_required import link_required
from portraits.views.shares.share_password import password_page


@login_not_required
@require_safe
@link_required(locked=password_page)
@cache_control(private=True, no_cache=True)
def share(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """Page with the portrait; the same for everybody, signed in or not."""
    session = link.portrait.current_session
    output = link.output
    if output:
        looks.count(request, link)
    poster = _file_url(token, output, POSTER_NAME) if output else None
    context = {
        "title": link.portrait.title or "A portrait that looks at you",
        "share_urls": ShareURLs(token),
        "poster": poster,
        "preview": _preview(token, output) if output else None,
        "cut_out": output is not None and output.alpha,
        "frame": output.manifest["frame"] if output else None,
        "under_way": session is not None and any(each.can_cancel for each in session.renders.all()),
    }
    return render(request, "share/portrait.html", context)


@dataclass(frozen=True)
class Preview:
    """Picture that other sites show beside a link."""

    url: str
    """Absolute URL."""
    type: str
    """Media type."""
    width: int
    """Width, pixels."""
    height: int
    """Height, pixels."""
    large: bool
    """Whether it may fill the whole width of a message."""


def _preview(token: str, output: Output) -> Preview:
    """Preview made for the portrait; older portraits have none, and use their still picture."""
    if link_preview.NAME in output.files:
        url = settings.SITE_URL + _file_url(token, output, link_preview.NAME)
        return Preview(url, "image/jpeg", link_preview.WIDTH, link_preview.HEIGHT, large=True)
    url = settings.SITE_URL + _file_url(token, output, CARD_NAME if CARD_NAME in output.files else POSTER_NAME)
    frame = output.manifest["frame"]
    return Preview(url, "image/webp", frame["width"], frame["height"], large=False)


def _file_url(token: str, output: Output, name: str) -> str:
    return reverse("share-file", args=[token, publisher.file_name(output, name)])
