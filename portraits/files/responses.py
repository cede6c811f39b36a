"""Files and manifests as answers: true types, validators, and who may keep them for how long.

Where settings say so, an owner is sent to the bucket for a sheet, by an address signed for a minute;
shared ones never are, so that a revoked link is dead.
Sheets are at most 8 MB and go out as bytes: under ASGI, Django would read a file object whole anyway.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, quote_etag

from portraits.files import storage
from portraits.live import publisher
from portraits.models import Output

TYPES = {
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "json": "application/json",
    "avif": "image/avif",
    "mp4": "video/mp4",
}


class Audience(Enum):
    """Who may see and keep an answer."""

    OWNER = "owner"
    PUBLIC = "public"
    """Through a share link: short enough that a revoked link is dead everywhere within a minute."""


def manifest_response(request: HttpRequest, output: Output, audience: Audience) -> HttpResponse:
    """The manifest as it now stands, its files under addresses of this attempt."""
    if output.manifest is None:
        raise Http404
    body = json.dumps(tagged(output, output.manifest), separators=(",", ":")).encode()
    etag = quote_etag(f"{output.tag.hex[:12]}-{output.attempt}-{len(output.manifest['levels'])}-{output.complete}")
    return _answer(request, etag, "application/json", audience, lambda: body)


def tagged(output: Output, manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest whose files are called as their addresses are."""
    levels = [
        {**level, "sheets": [publisher.file_name(output, name) for name in level["sheets"]]}
        for level in manifest["levels"]
    ]
    return {**manifest, "poster": publisher.file_name(output, manifest["poster"]), "levels": levels}


def file_response(request: HttpRequest, output: Output, name: str, audience: Audience) -> HttpResponse:
    """The file of that tagged name. Raises Http404 for any other."""
    own = publisher.file_name(output, "")
    plain = name.removeprefix(own)
    if not name.startswith(own) or plain not in output.files:
        raise Http404
    return stored_response(request, output.key(plain), output.files[plain]["sha256"], audience)


def stored_response(request: HttpRequest, key: str, sha256: str, audience: Audience) -> HttpResponse:
    """A stored file. Raises Http404 when it has just been deleted, and OSError while storage is away."""
    kind = TYPES[key.rpartition(".")[2]]
    if audience is Audience.OWNER and settings.MEDIA_REDIRECTS:
        return HttpResponseRedirect(storage.private().signed_url(key, kind))
    try:
        return _answer(request, quote_etag(sha256[:32]), kind, audience, lambda: storage.read(key))
    except FileNotFoundError:
        raise Http404 from None


def _answer(request: HttpRequest, etag: str, kind: str, audience: Audience, body: Callable[[], bytes]) -> HttpResponse:
    """304 without reading the file where the browser has it."""
    known = {each.removeprefix("W/") for each in parse_etags(request.headers.get("If-None-Match", ""))}
    response = HttpResponseNotModified() if etag in known or "*" in known else HttpResponse(body(), content_type=kind)
    response["ETag"] = etag
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    if audience is Audience.OWNER:
        response["Cross-Origin-Resource-Policy"] = "same-origin"
    else:
        patch_cache_control(response, public=True, max_age=60)
        response["Access-Control-Allow-Origin"] = "*"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
