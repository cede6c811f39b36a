"""The portrait of the home page: rendered once, kept below demo/, replaced by `manage.py set_demo`.

Its manifest is the pointer: a new demo lies under a version of its own until the pointer moves.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from gpuworker.client import Job
from gpuworker.contract import RenderRequest
from portraits import storage, workers

CURRENT = "demo/current.json"
"""{"version", "files": name → {"sha256", "size"}, "manifest"}"""
LEVELS = ("preview", "mobile", "full")


def current() -> dict[str, Any] | None:
    """The pointer; None before there is a demo."""
    try:
        found: dict[str, Any] = json.loads(storage.read(CURRENT))
    except FileNotFoundError:
        return None
    return found


def key(version: str, name: str) -> str:
    return f"demo/{version}/{name}"


def render(photo: Path) -> Iterator[str]:
    """Make this photo the demo; yields what happens. The old one stays until this one is whole. Raises RenderError."""
    version, files, manifest = uuid.uuid4().hex[:12], {}, None
    request = RenderRequest(photo=photo.read_bytes(), levels=LEVELS)
    told = ""
    with closing(workers.current().render(Job(f"demo-{version}", 1, request))) as steps:
        for step in steps:
            for file in step.files:
                storage.put(key(version, file.name), file.path)
                files[file.name] = {"sha256": file.sha256, "size": file.size}
            manifest = step.progress.manifest or manifest
            if step.progress.message != told and step.progress.stage != "rendering":
                told = step.progress.message
                yield told
    if manifest is None:
        raise RuntimeError("the render ended without a manifest")
    _publish(version, files, manifest.to_json())


def _publish(version: str, files: dict[str, Any], manifest: dict[str, Any]) -> None:
    before = current()
    storage.put(CURRENT, json.dumps({"version": version, "files": files, "manifest": manifest}).encode())
    if before is not None:
        storage.erase(f"demo/{before['version']}/")


def expected() -> Iterator[tuple[str, str]]:
    """Key and SHA-256 of each file, for the integrity check."""
    pointer = current()
    if pointer is None:
        return
    yield CURRENT, storage.sha256(CURRENT)
    for name, file in pointer["files"].items():
        yield key(pointer["version"], name), file["sha256"]
