"""A web server with rendered faces and pages that show them, in each of the ways that are compared."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.bench.figures import REPOSITORY

ELEMENT, SHEETS, ORIGINAL = "element", "sheets", "original"
"""The element; the same without a rig; PixiJS with four sheets of 15×15 frames."""

GAZE = REPOSITORY / "static" / "gaze"
PIXI = REPOSITORY / "node_modules" / "pixi.js" / "dist" / "pixi.min.js"
TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
COMPRESSED = {".js", ".json", ".bin", ".html"}
"""Kinds of files that the site, too, sends compressed."""

TAGS = {
    ELEMENT: '<gaze-tracker src="/element/{face}/{number}/manifest.json"{more}></gaze-tracker>',
    SHEETS: '<gaze-tracker src="/sheets/{face}/{number}/manifest.json"{more}></gaze-tracker>',
    ORIGINAL: '<original-tracker src="/original/{face}/{number}/"{more}></original-tracker>',
}
SCRIPTS = {
    ELEMENT: '<script type="module" src="/gaze/gaze-tracker.min.js" blocking="render"></script>',
    SHEETS: '<script type="module" src="/gaze/gaze-tracker.min.js" blocking="render"></script>',
    ORIGINAL: '<script type="module" src="/bench/original.js"></script>',
}
HTML = """<!doctype html><meta charset="utf-8"><title>{way}</title><link rel="icon" href="data:,">
<style>body {{ margin: 0; min-height: 100vh; display: grid; place-content: center; font-size: 16px;
grid-template-columns: repeat({columns}, max-content) }}</style>{script}{body}"""


@dataclass
class Site:
    """Rendered faces by name, and the pages made so far."""

    url: str
    faces: dict[str, Path]
    pages: dict[str, str] = field(default_factory=dict)

    def page(self, way: str, faces: list[str], *, columns: int = 1, more: str = "", below: str = "") -> str:
        """Writes a page with one portrait for each of the names, however often it occurs; returns its address."""
        tags = [TAGS[way].format(face=face, number=number, more=more) for number, face in enumerate(faces)]
        path = f"/page{len(self.pages)}.html"
        self.pages[path] = HTML.format(way=way, columns=columns, script=SCRIPTS[way], body="".join(tags) + below)
        return self.url + path

    def content(self, path: str) -> bytes:
        """A page or a file. Raises KeyError, OSError."""
        if path in self.pages:
            return self.pages[path].encode()
        match path.strip("/").split("/"):
            case ["pixi.min.js"]:
                return PIXI.read_bytes()
            case ["bench", name]:
                return (Path(__file__).parent / name).read_bytes()
            case ["gaze", *parts]:
                return GAZE.joinpath(*parts).read_bytes()
            case ["sheets", face, _, "manifest.json"]:
                return without_rig((self.faces[face] / "manifest.json").read_bytes())
            case [_, face, _, name]:
                return (self.faces[face] / name).read_bytes()
        raise KeyError(path)


def without_rig(manifest: bytes) -> bytes:
    """The manifest with its levels of sheets alone."""
    data = json.loads(manifest)
    data["levels"] = [level for level in data["levels"] if level["kind"] == "sheets"]
    return json.dumps(data).encode()


@contextmanager
def served(faces: dict[str, Path]) -> Iterator[Site]:
    """The site of these rendered faces, while it is needed."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.site = Site(f"http://127.0.0.1:{server.server_port}", faces)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.site
    server.shutdown()
    server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no event."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        suffix = Path(path).suffix
        try:
            body, status = self.server.site.content(path), 200
        except (KeyError, OSError):
            body, status = b"", 404
        headers = {"Content-Type": TYPES.get(suffix, "application/octet-stream"), **_caching(body)}
        if self.headers["If-None-Match"] == headers["ETag"]:
            body, status = b"", 304
        elif suffix in COMPRESSED:
            body, headers["Content-Encoding"] = _compressed(body), "gzip"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _caching(body: bytes) -> dict[str, str]:
    """As a shared portrait's files have it."""
    return {"ETag": f'"{zlib.crc32(body):x}"', "Cache-Control": "public, max-age=60"}


@cache
def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, 9)
