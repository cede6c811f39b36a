"""Version, address and integrity of the element's bundle."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from portraits.sharing.element_script import BUNDLE, CURRENT, ElementScript


def script(folder: Path, **files: str) -> ElementScript:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name.replace('_', '-')}.min.js").write_text(text)
    return ElementScript(folder)


def test_every_file_that_the_bundle_may_load_belongs_to_its_version(tmp_path: Path) -> None:
    alone = script(tmp_path / "1", gaze_tracker="a")
    more = script(tmp_path / "2", gaze_tracker="a", gaze_tracker_pixi="b")
    other = script(tmp_path / "3", gaze_tracker="a", gaze_tracker_pixi="c", element="no bundle")
    assert list(other.files) == ["gaze-tracker-pixi.min.js", BUNDLE]
    assert len({alone.version, more.version, other.version}) == 3
    assert alone.integrity == other.integrity


def test_the_integrity_is_what_browsers_compute() -> None:
    digest = hashlib.sha384((CURRENT.folder / BUNDLE).read_bytes()).digest()
    assert CURRENT.integrity == "sha384-" + base64.b64encode(digest).decode()


def test_the_address_names_the_version_and_its_folder_holds_the_rest() -> None:
    assert re.fullmatch(rf"https?://[^/]+/element/{CURRENT.version}/gaze-tracker\.min\.js", CURRENT.url)
    assert CURRENT.path("gaze-tracker-pixi.min.js") == f"/element/{CURRENT.version}/gaze-tracker-pixi.min.js"
