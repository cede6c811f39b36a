"""The site's own scripts and pictures, and the element for everybody's pages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gazesite.server.static_files import static_files
from portraits.sharing.element_script import BUNDLE, CURRENT


async def beyond(scope: Any, receive: Any, send: Any) -> None:
    """Whatever is no file of ours."""
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"django"})


async def get(path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(static_files(beyond))
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        return await client.get(path, headers=headers)


async def test_other_sites_may_use_the_element() -> None:
    answer = await get("/static/gaze/gaze-tracker.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = await get("/static/gaze/gaze-tracker.js", **{"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/static/site/tokens.css", "/static/admin/css/base.css"])
async def test_files_of_the_site_and_of_its_apps_are_there(path: str) -> None:
    assert (await get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/static/gaze/element.js", "/static/site/tokens.css", "/static/admin/css/base.css"])
async def test_text_is_compressed_for_those_who_take_it(path: str) -> None:
    plain, packed = [await get(path, **{"Accept-Encoding": accepted}) for accepted in ("identity", "gzip")]
    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < 0.6 * int(plain.headers["content-length"])
    assert packed.headers["content-type"] == plain.headers["content-type"]


async def test_the_current_bundle_is_served_for_ever_without_django() -> None:
    answer = await get(CURRENT.path(), **{"Accept-Encoding": "gzip"})
    assert answer.content == CURRENT.files[BUNDLE]
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/", "/static/", "/static/../manage.py", "/static/%2e%2e/manage.py", "/static/no.js"])
async def test_anything_else_is_djangos(path: str) -> None:
    assert (await get(path)).text == "django"
