"""A shared portrait whose frames are plain colours, made within a running site's data: no need to render one."""

from __future__ import annotations

import json

from gpuworker import grid
from gpuworker.contract import POSTER_NAME, SHEETS, Level, Manifest, Size
from portraits.files import storage
from portraits.models import Portrait, ShareLink
from portraits.sharing.share_urls import ShareURLs
from tests.gaze import drawn
from tests.portraits import factories

PRINT_SHARED = "from tests.site.drawn_portrait import print_shared; print_shared()"
"""For `manage.py shell -c`."""


def print_shared() -> None:
    """One JSON object: the page's address and both snippets; locked: the page of a link with a password."""
    portrait = complete_portrait()
    _, token = ShareLink.create_for(portrait)
    _, locked = ShareLink.create_for(portrait, password="open sesame")
    share_urls = ShareURLs(token, Size(*drawn.FRAME))
    found = {"page": share_urls.page, "script": share_urls.script_snippet, "frame": share_urls.frame_snippet}
    print(json.dumps({**found, "locked": ShareURLs(locked).page}))  # noqa: T201  # read by the test that runs this in a process of the site


def complete_portrait() -> Portrait:
    output = factories.claimed(factories.session(factories.portrait(factories.user("drawn"), "Drawn")))
    cells, frame = grid.LEVELS["preview"], Size(*drawn.FRAME)
    level = Level("preview", cells.x, cells.y, frame, SHEETS["preview"])
    sheet = drawn.whole(cells.rows, drawn.MARKS["preview"])
    files = {}
    for name, data in ((POSTER_NAME, drawn.poster()), (*SHEETS["preview"], sheet)):
        storage.put(output.key(name), data)
        files[name] = {"sha256": factories.sha256(data), "size": len(data)}
    output.record(files, Manifest("warp", frame, complete=True).with_level(level))
    output.render.session.show(output)
    output.render.finish(output)
    return output.render.session.portrait
