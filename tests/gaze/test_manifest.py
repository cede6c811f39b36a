from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error

from gpuworker.contract import Manifest
from tests.gaze.conftest import Js

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "manifest.json").read_text())
READ = "({ readManifest }, data) => readManifest(data)"


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(GOLDEN))
    change(data)
    return data


def python_reads(data: dict[str, Any]) -> dict[str, Any]:
    """What Python makes of it, less the outermost grid, which no reader needs."""
    read = Manifest.loads(json.dumps(data)).to_json()
    del read["grid"]
    return read


def test_the_golden_manifest_reads_as_it_does_in_python(js: Js) -> None:
    assert js("manifest.js", READ, GOLDEN) == python_reads(GOLDEN)


def test_a_kind_of_level_that_is_not_known_is_ignored(js: Js) -> None:
    data = changed(lambda it: it["levels"].insert(0, {"name": "flow", "kind": "flow", "keys": {}}))
    assert js("manifest.js", READ, data) == python_reads(data) == python_reads(GOLDEN)


def test_what_else_stands_in_it_is_ignored(js: Js) -> None:
    data = changed(lambda it: it.update(made="by hand", levels=[{**it["levels"][0], "name": "tiny", "extra": 1}]))
    assert js("manifest.js", READ, data) == python_reads(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.update(version=2),
        lambda it: it.pop("version"),
        lambda it: it.pop("engine"),
        lambda it: it.pop("poster"),
        lambda it: it.pop("complete"),
        lambda it: it.update(frame={"width": 410}),
        lambda it: it.pop("levels"),
        lambda it: it["levels"][0].pop("kind"),
        lambda it: it["levels"][0].pop("sheets"),
        lambda it: it["levels"][0].update(cols=7),
        lambda it: it["levels"][0].update(x=[1, 2]),
        lambda it: it["levels"][0].update(x=["a", "b", "c", "d", "e", "f"]),
        lambda it: it["levels"][1].update(sheets=["a.webp", "b.webp"]),
    ],
)
def test_what_python_refuses_is_refused(js: Js, change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Manifest.loads(json.dumps(changed(change)))
    with pytest.raises(Error, match="manifest cannot be used"):
        js("manifest.js", READ, changed(change))


NAMES = (
    "../q0.webp",
    "/q0.webp",
    "a\\b",
    ".hidden",
    "",
    "http://else.where/q0.webp",
    "q0.webp?x",
    "q#0",
    'q"0',
    "<q0>",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leaves_the_folder_is_refused(js: Js, name: str) -> None:
    for data in (changed(lambda it: it.update(poster=name)), changed(lambda it: it["levels"][0].update(sheets=[name]))):
        with pytest.raises(ValueError, match="plain file name"):
            Manifest.loads(json.dumps(data))
        with pytest.raises(Error, match="plain file name"):
            js("manifest.js", READ, data)


@pytest.mark.parametrize("data", [None, 1, "manifest", [], [GOLDEN]])
def test_other_json_is_refused(js: Js, data: Any) -> None:
    with pytest.raises(Error, match="not a manifest of version 1"):
        js("manifest.js", READ, data)
