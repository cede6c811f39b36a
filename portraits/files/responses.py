"""HTTP responses with stored files and manifests: content types, ETags and caching.

With MEDIA_REDIRECTS, owners are redirected to the bucket by a URL that is signed for a minute. Shared files never are,
so that a revoked link stops working.
Files are at most 8 MB and are sent as bytes: under ASGI, Django would read a file object whole anyway.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag

from gpuworker import contract
from gpuworker.rig.damage import DamagedRig
from gpuworker.rig.frame_size import at_frame_size
from portraits.files import storage
from portraits.live import publisher
from portraits.models import Output

log = logging.getLogger(__name__)

CONTENT_TYPES = {
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "json": "application/json",
    "avif": "image/avif",
    "mp4": "video/mp4",
    "bin": "application/octet-stream",
}


class Audience(Enum):
    """Kind of client for which a response is meant."""

    OWNER = "owner"
    """The signed-in owner, or staff."""
    PUBLIC = "public"
    """Anybody with a share link; caches keep the response for a minute, so that a revoked link soon stops working."""


def manifest_response(
    request: HttpRequest, output: Output, audience: Audience, *, standard: bool = False
) -> HttpResponse:
    """Current manifest of an attempt, with its public file names. Raises Http404 while there is none.

    standard: the rig's photo is the poster, which is as large as a frame, as are then the eyes in the rig.
    """
    if output.manifest is None:
        raise Http404
    manifest = with_standard_photo(output.manifest) if standard else output.manifest
    body = json.dumps(with_public_names(output, manifest), separators=(",", ":")).encode()
    version = f"{len(manifest['levels'])}-{output.complete}{'-standard' if standard else ''}"
    etag = quote_etag(f"{output.tag.hex[:12]}-{output.attempt}-{version}")
    return _conditional_response(request, etag, "application/json", audience, lambda: body)


def with_public_names(output: Output, manifest: dict[str, Any]) -> dict[str, Any]:
    """Manifest in which files have the names under which they are served."""
    return contract.with_file_names(manifest, lambda name: publisher.file_name(output, name))


def with_standard_photo(manifest: dict[str, Any]) -> dict[str, Any]:
    """Manifest whose rig has the poster as its photo."""
    photo = {"photo": {"webp": manifest["poster"]}, "frame": manifest["frame"]}
    levels = [{**level, **photo} if level["kind"] == "rig" else level for level in manifest["levels"]]
    return {**manifest, "levels": levels}


def file_response(
    request: HttpRequest, output: Output, name: str, audience: Audience, *, standard: bool = False
) -> HttpResponse:
    """File of an attempt, by its public name. Raises Http404 for any other name, and with standard for the photo.

    standard: a rig has eyes as fine as a frame.
    """
    plain = name.partition(".")[2]
    if plain not in output.files or name != publisher.file_name(output, plain):
        raise Http404
    if standard and plain in contract.PHOTO_NAMES.values():
        raise Http404
    key, sha256 = output.key(plain), output.files[plain]["sha256"]
    if standard and plain == contract.RIG_NAME:
        return _standard_rig_response(request, key, sha256, audience)
    return stored_response(request, key, sha256, audience)


def _standard_rig_response(request: HttpRequest, key: str, sha256: str, audience: Audience) -> HttpResponse:
    """Rig without the finer eyes. Raises Http404 for one that is damaged, which never goes out as it is."""
    etag = quote_etag(f"{sha256[:32]}-standard")
    try:
        return _conditional_response(request, etag, CONTENT_TYPES["bin"], audience, lambda: _standard_rig(key))
    except FileNotFoundError:
        raise Http404 from None
    except DamagedRig:
        log.exception("%s cannot be reduced for a link in standard size", key)
        raise Http404 from None


@lru_cache(maxsize=64)
def _standard_rig(key: str) -> bytes:
    """Reduced rig of a stored file; files never change under their key."""
    return at_frame_size(storage.read(key))


def stored_response(request: HttpRequest, key: str, sha256: str, audience: Audience) -> HttpResponse:
    """Stored file. Raises Http404 when it has just been deleted, and OSError while storage is unavailable."""
    content_type = CONTENT_TYPES[key.rpartition(".")[2]]
    if audience is Audience.OWNER and settings.MEDIA_REDIRECTS:
        return HttpResponseRedirect(storage.private().signed_url(key, content_type))
    try:
        etag = quote_etag(sha256[:32])
        return _conditional_response(request, etag, content_type, audience, lambda: storage.read(key))
    except FileNotFoundError:
        raise Http404 from None


def _conditional_response(
    request: HttpRequest, etag: str, content_type: str, audience: Audience, body: Callable[[], bytes]
) -> HttpResponse:
    """Response of 200, or of 304 or 412 without a call of `body` where the request's conditions say so."""
    response = get_conditional_response(request, etag=etag) or HttpResponse(body(), content_type=content_type)
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
