from __future__ import annotations

import json
from pathlib import Path

from tests.bench import widget_site


def test_an_element_is_forced_to_sheets_by_a_manifest_without_a_rig() -> None:
    levels = [{"name": "rig", "kind": "rig"}, {"name": "full", "kind": "sheets"}]
    manifest = widget_site.without_rig(json.dumps({"version": 1, "levels": levels}).encode())
    assert json.loads(manifest) == {"version": 1, "levels": levels[1:]}


def test_each_portrait_of_a_page_has_an_address_of_its_own(tmp_path: Path) -> None:
    site = widget_site.Site("http://localhost", {"face": tmp_path})
    address = site.page(widget_site.ELEMENT, ["face"] * 3)
    page = site.content(address.removeprefix(site.url)).decode()
    assert [page.count(f"/element/face/{number}/manifest.json") for number in range(3)] == [1, 1, 1]
