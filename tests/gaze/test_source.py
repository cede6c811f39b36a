from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Error

from gpuworker import grid
from tests.gaze import drawn
from tests.gaze.conftest import Js, Site

BASE = "https://page.example/people/ada/"
PARSE = "({ parseSource }, [attributes, base]) => parseSource(attributes, base)"
DESCRIBE = "async ({ describe }, manifest) => describe({ manifest }, new AbortController().signal)"


def parse(js: Js, src: str, **attributes: str) -> dict[str, Any]:
    source: dict[str, Any] = js("source.js", PARSE, [{"src": src, **attributes}, BASE])
    return source


@pytest.mark.parametrize("src", ["manifest.json", "other.json?v=3", "/s/token/manifest.json#x"])
def test_json_is_a_manifest(js: Js, src: str) -> None:
    assert parse(js, src)["manifest"].startswith("https://page.example/")


def test_four_addresses_are_the_quadrants_of_thirty_steps(js: Js) -> None:
    level = parse(js, "q0.webp, q1.webp,q2.webp,q3.webp")["description"]["levels"][0]
    assert (level["rows"], level["cols"], level["frame"]) == (30, 30, None)
    assert level["x"] == pytest.approx(grid.FULL_VALUES)
    assert level["sheets"] == [f"{BASE}q{n}.webp" for n in range(4)]


def test_quadrants_of_twenty_steps_have_the_values_of_the_mobile_sheets(js: Js) -> None:
    level = parse(js, "a,b,c,d", mode="quadrants", grid="20")["description"]["levels"][0]
    assert level["y"] == pytest.approx(grid.MOBILE_VALUES)


def test_single_mode_is_one_sheet_even_if_its_address_has_a_comma(js: Js) -> None:
    level = parse(js, "all,of,it.webp", mode="single", grid="11")["description"]["levels"][0]
    assert (level["rows"], level["sheets"]) == (11, [f"{BASE}all,of,it.webp"])


def test_anything_else_is_the_folder_of_an_older_portrait(js: Js) -> None:
    description = parse(js, "https://cdn.example/ada/?key=1")["description"]
    assert description["poster"] == "https://cdn.example/ada/input.jpg?key=1"
    assert [level["rows"] for level in description["levels"]] == [20, 30]
    assert description["levels"][0]["sheets"][3] == "https://cdn.example/ada/q3_20.webp?key=1"
    assert description["levels"][1]["sheets"][0] == "https://cdn.example/ada/q0.webp?key=1"


def test_data_addresses_keep_their_comma_in_a_list(js: Js) -> None:
    one = "data:image/png;base64,AAAA"
    assert parse(js, ",".join([one] * 4))["description"]["levels"][0]["sheets"] == [one] * 4


@pytest.mark.parametrize(
    ("src", "attributes"),
    [
        ("a,b,c", {}),
        ("a,b,c,d", {"grid": "many"}),
        ("a,b,c,d", {"grid": "15"}),
        ("a,b,c,d", {"grid": "0"}),
        ("a", {"mode": "single", "grid": "9999"}),
        ("javascript:alert(1)", {}),
        ("javascript:alert(1)//.json", {}),
        ("data:text/html,<b>", {}),
        ("file:///etc/passwd", {}),
        ("https://", {}),
        ("a,b,c,javascript:alert(1)", {}),
    ],
)
def test_what_cannot_be_loaded_is_refused(js: Js, src: str, attributes: dict[str, str]) -> None:
    with pytest.raises(Error, match="GazeFailure"):
        parse(js, src, **attributes)


def test_equal_sources_have_equal_keys(js: Js) -> None:
    assert parse(js, "./m.json")["key"] == parse(js, "m.json")["key"] != parse(js, "n.json")["key"]
    assert parse(js, "a,b,c,d", grid="30")["key"] == parse(js, "a, b, c, d")["key"] != parse(js, "a,b,c,e")["key"]


def test_sheets_are_resolved_against_the_manifest(js: Js, site: Site) -> None:
    site.write("manifest.json", json.dumps(drawn.manifest(drawn.level("preview"))))
    description = js("source.js", DESCRIBE, f"{site.url}/manifest.json?token=1")
    assert description["poster"] == f"{site.url}/poster.webp"
    assert description["levels"][0]["sheets"] == [f"{site.url}/preview.webp"]


def test_encoded_dots_do_not_climb_out_of_the_folder(js: Js, site: Site) -> None:
    site.write("manifest.json", json.dumps(drawn.manifest(poster="%2e%2e")))
    assert js("source.js", DESCRIBE, f"{site.url}/manifest.json")["poster"] == f"{site.url}/%252e%252e"


@pytest.mark.parametrize("content", [None, "<html>", "{}"])
def test_a_manifest_that_cannot_be_read_is_a_failure(js: Js, site: Site, content: str | None) -> None:
    if content is not None:
        site.write("manifest.json", content)
    with pytest.raises(Error, match="GazeFailure: The portrait's manifest"):
        js("source.js", DESCRIBE, f"{site.url}/manifest.json")
