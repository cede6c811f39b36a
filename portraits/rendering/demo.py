"""Demo portrait of the home page: rendered once, kept below demo/, replaced by `manage.py set_demo`.

Its manifest is the pointer: a new demo lies under a version of its own until the pointer moves.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from gpuworker.contract import RenderRequest
from gpuworker.errors import Cancelled, RenderError
from gpuworker.workers.worker import Job
from portraits.files import storage
from portraits.rendering import workers

log = logging.getLogger(__name__)

CURRENT = "demo/current.json"
"""Key of the pointer: {"version", "files": name → {"sha256", "size"}, "manifest"}."""


def current() -> dict[str, Any] | None:
    """Content of the pointer; None before there is a demo."""
    try:
        found: dict[str, Any] = json.loads(storage.read(CURRENT))
    except FileNotFoundError:
        return None
    return found


def key(version: str, name: str) -> str:
    return f"demo/{version}/{name}"


def render(photo: Path) -> Iterator[str]:
    """Make this photo the demo; yields what happens. Raises RenderError.

    An older one stays until this one is whole; without one, this one is shown while it grows.
    """
    version, files, manifest = uuid.uuid4().hex[:12], {}, None
    replaces = current() is not None
    request = RenderRequest(photo=photo.read_bytes())
    stage = ""
    try:
        with closing(workers.sheets().render(Job(f"demo-{version}", 1, request))) as steps:
            for step in steps:
                for file in step.files:
                    storage.put(key(version, file.name), file.path)
                    files[file.name] = {"sha256": file.sha256, "size": file.size}
                manifest = step.progress.manifest or manifest
                if step.progress.manifest and step.progress.manifest.levels and not replaces:
                    _point_to(version, files, step.progress.manifest.to_json())
                if step.progress.stage != stage:
                    stage = step.progress.stage
                    yield step.progress.message
    except BaseException:
        _withdraw(version)
        raise
    if manifest is None:
        raise RuntimeError("the render ended without a manifest")
    before = current()
    _point_to(version, files, manifest.to_json())
    if before is not None and before["version"] != version:
        storage.delete(f"demo/{before['version']}/")


def _withdraw(version: str) -> None:
    """Delete everything of a demo that was not completed."""
    pointer = current()
    if pointer is not None and pointer["version"] == version:
        storage.delete(CURRENT)
    storage.delete(f"demo/{version}/")


def make_first(photo: Path) -> None:
    """Render the first demo, in a thread at start: the site serves meanwhile."""
    pointer = current()
    if pointer is not None and pointer["manifest"]["complete"]:
        return
    try:
        if pointer is not None:  # its process was killed
            storage.delete("demo/")
        for sentence in render(photo):
            log.info("demo: %s", sentence)
    except Cancelled:
        log.info("the demo is made at the next start")
    except RenderError as error:
        log.error("the home page has no portrait: %s", error.sentence)


def _point_to(version: str, files: dict[str, Any], manifest: dict[str, Any]) -> None:
    storage.put(CURRENT, json.dumps({"version": version, "files": files, "manifest": manifest}).encode())


def expected() -> Iterator[tuple[str, str]]:
    """Key and SHA-256 of each file, for the integrity check."""
    pointer = current()
    if pointer is None:
        return
    yield CURRENT, storage.sha256(CURRENT)
    for name, file in pointer["files"].items():
        yield key(pointer["version"], name), file["sha256"]
