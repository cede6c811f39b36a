"""The light in the room, from a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Js = Callable[..., Any]

LIGHT = """({ light }, [colour, covered]) => {
  const picture = Object.assign(document.createElement('canvas'), { width: 40, height: 50 });
  const brush = picture.getContext('2d');
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 40, covered);
  const room = document.createElement('canvas');
  light(picture, room);
  const pixel = (x, y) => [...room.getContext('2d').getImageData(x, y, 1, 1).data];
  const lit = room.classList.contains('lit');
  return { size: [room.width, room.height], lit, top: pixel(64, 0), foot: pixel(64, 159) };
}"""


@pytest.mark.parametrize("covered", [50, 10])
def test_the_room_has_the_pictures_colours_and_fades_towards_the_text(js: Js, covered: int) -> None:
    """Where a person stands before nothing, their colours fill the rest."""
    room = js("room.js", LIGHT, ["rgb(200, 40, 40)", covered])
    assert (room["size"], room["lit"]) == ([128, 160], True)
    red, green, blue, alpha = room["top"]
    assert (red > green, green == pytest.approx(blue, abs=2), alpha) == (True, True, 255)
    assert room["foot"][3] < 20
