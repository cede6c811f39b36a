"""The public page of a share link: one face in a calm room."""

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
from portraits.sharing import link_preview
from portraits.sharing.addresses import ShareAddresses
from portraits.views.shares.through_link import through_link


@login_not_required
@require_safe
@through_link
@cache_control(private=True, no_cache=True)
def share(request: HttpRequest, link: ShareLink, token: str) -> HttpResponse:
    """The same for everybody, signed in or not."""
    session = link.portrait.current_session
    output = link.output
    poster = _address(token, output, POSTER_NAME) if output else None
    context = {
        "title": link.portrait.title or "A portrait that looks at you",
        "addresses": ShareAddresses(token),
        "poster": poster,
        "preview": _preview(token, output) if output else None,
        "cut_out": output is not None and output.alpha,
        "frame": output.manifest["frame"] if output else None,
        "under_way": session is not None and any(each.can_cancel for each in session.renders.all()),
    }
    return render(request, "share/portrait.html", context)


@dataclass(frozen=True)
class Preview:
    """Picture that other sites show beside a link. Width and height are in pixels; large: across the whole message."""

    url: str
    type: str
    width: int
    height: int
    large: bool


def _preview(token: str, output: Output) -> Preview:
    """The JPEG that is made for it; a portrait that was made before there were any has its still picture."""
    if link_preview.NAME in output.files:
        address = settings.SITE_URL + _address(token, output, link_preview.NAME)
        return Preview(address, "image/jpeg", link_preview.WIDTH, link_preview.HEIGHT, large=True)
    address = settings.SITE_URL + _address(token, output, CARD_NAME if CARD_NAME in output.files else POSTER_NAME)
    frame = output.manifest["frame"]
    return Preview(address, "image/webp", frame["width"], frame["height"], large=False)


def _address(token: str, output: Output, name: str) -> str:
    return reverse("share-file", args=[token, publisher.file_name(output, name)])
