"""Photos that are dropped on a page, or pasted into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Js = Callable[..., Any]

ACT = """({ takeDrops }, [types, named]) => {
  const taken = [];
  const classes = [];
  takeDrops((photo) => taken.push(photo.name));
  const data = new DataTransfer();
  if (named) data.items.add(new File(['x'], named, { type: 'image/jpeg' }));
  else data.setData('text/plain', 'words');
  for (const type of types) {
    const event = type === 'paste'
      ? new ClipboardEvent(type, { clipboardData: data, bubbles: true })
      : new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
    classes.push(document.body.classList.contains('dragging'));
  }
  return [taken, classes];
}"""


@pytest.mark.parametrize(
    ("events", "taken", "dragging"),
    [
        (["dragenter", "dragover", "drop"], ["me.jpg"], [True, True, False]),
        (["dragenter", "dragenter", "dragleave", "dragleave"], [], [True, True, True, False]),
        (["paste"], ["me.jpg"], [False]),
    ],
)
def test_a_photo_is_taken_and_shown_while_it_hovers(
    js: Js, events: list[str], taken: list[str], dragging: list[bool]
) -> None:
    assert js("drop.js", ACT, [events, "me.jpg"]) == [taken, dragging]


def test_words_are_left_to_the_page(js: Js) -> None:
    assert js("drop.js", ACT, [["dragenter", "drop", "paste"], ""]) == [[], [False, False, False]]
