"""Content of the package of npm."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests import javascript

pytestmark = pytest.mark.slow

GAZE = Path(__file__).parents[2] / "static" / "gaze"


def content(tarball: Path) -> dict[str, bytes]:
    with tarfile.open(tarball) as packed:
        files = [(each.name.removeprefix("package/"), packed.extractfile(each)) for each in packed.getmembers()]
        return {name: file.read() for name, file in files if file}


def test_it_holds_the_bundle_its_types_and_its_licence_and_nothing_else(tarball: Path) -> None:
    files = content(tarball)
    bundles = {f"dist/{path.name}": path.read_bytes() for path in GAZE.glob("*.min.js")}
    assert {name: data for name, data in files.items() if name.startswith("dist/")} == bundles
    assert {*files} - {*bundles} == {
        "LICENSE", "README.md", "custom-elements.json", "gaze-tracker.d.ts", "package.json", "react.d.ts", "server.js",
    }  # fmt: skip
    assert files["LICENSE"] == (GAZE.parents[1] / "LICENSE").read_bytes()


def test_every_file_that_its_description_names_is_in_it_and_it_depends_on_nothing(tarball: Path) -> None:
    files = content(tarball)
    package = json.loads(files["package.json"])

    def named(entry: Any) -> list[str]:
        return [each for value in entry.values() for each in named(value)] if isinstance(entry, dict) else [entry]

    names = [*named(package["exports"]), package["types"], package["customElements"]]
    assert [name for name in names if "*" not in name and name.removeprefix("./") not in files] == []
    assert not {key for key in package if key.endswith("ependencies")}


def test_a_server_may_import_it(tarball: Path, tmp_path: Path) -> None:
    folder = tmp_path / "node_modules" / "gaze-tracker-element"
    for name, data in content(tarball).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (tmp_path / "page.mjs").write_text("import { GazeTracker } from 'gaze-tracker-element';\nnew GazeTracker();\n")
    assert javascript.node(tmp_path, "page.mjs") == 0
