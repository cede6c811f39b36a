from __future__ import annotations

from typing import Any

import pytest

from tests.gaze.conftest import Js

LENGTH = """({ lengthOf }, text) => {
  const element = document.createElement('p');
  if (text !== null) element.setAttribute('width', text);
  return lengthOf(element, 'width');
}"""
SIZE = "({ sizeOf }, [width, height]) => sizeOf(width, height, { width: 40, height: 50 })"
PIXELS = {"css": "20px", "pixels": 20}
PERCENT = {"css": "50%", "pixels": None}


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("20", PIXELS),
        (" 20px ", PIXELS),
        ("20PX", PIXELS),
        ("1.5", {"css": "1.5px", "pixels": 1.5}),
        (".5", {"css": ".5px", "pixels": 0.5}),
        ("50%", PERCENT),
    ],
)
def test_a_length_is_pixels_or_a_percentage(js: Js, text: str, length: dict[str, Any]) -> None:
    assert js("size.js", LENGTH, text) == length


@pytest.mark.parametrize(
    "text",
    [None, "", "0", "0%", "-5", "-5%", "+5", "auto", "1e9", "10em", "50%%", "5 0", "calc(1px)", "20;color:red", "NaN"],
)
def test_anything_else_is_ignored(js: Js, text: str | None) -> None:
    assert js("size.js", LENGTH, text) is None


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (None, None, ("40px", "auto", 40 / 50)),
        (None, {"css": "100px", "pixels": 100}, ("80px", "auto", 40 / 50)),
        (None, PERCENT, ("40px", "auto", 40 / 50)),
        (PIXELS, None, ("20px", "auto", 40 / 50)),
        (PIXELS, PIXELS, ("20px", "auto", 1)),
        (PIXELS, PERCENT, ("20px", "50%", 40 / 50)),
        (PERCENT, PIXELS, ("50%", "20px", 40 / 50)),
        (PERCENT, PERCENT, ("50%", "50%", 40 / 50)),
    ],
)
def test_what_the_attributes_leave_open_is_the_portraits(
    js: Js, width: dict[str, Any] | None, height: dict[str, Any] | None, expected: tuple[str, str, float]
) -> None:
    told = js("size.js", SIZE, [width, height])
    assert (told["width"], told["height"], told["shape"]["width"] / told["shape"]["height"]) == expected
