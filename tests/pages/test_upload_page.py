"""The page of the upload form: a photo may come from anywhere on it."""

from __future__ import annotations

import pytest

from portraits.uploads.forms import UploadForm
from tests.pages.conftest import Stand, answer_json

DROP = """() => {
  const data = new DataTransfer();
  data.items.add(new File(['x'], 'me.jpg', { type: 'image/jpeg' }));
  for (const type of ['dragenter', 'dragover', 'drop']) {
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    if (type === 'dragover') window.dragging = document.body.classList.contains('dragging');
  }
}"""
PASTE = """() => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(['x'], 'me.png', { type: 'image/png' }));
  document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
}"""


@pytest.fixture
def form(stand: Stand) -> Stand:
    stand.open("portraits/_upload_form.html", {"form": UploadForm(), "csrf_token": "t"}, script="upload-page.js")
    stand.answers["/uploads/1/"] = lambda route: route.fulfill(body="chosen", content_type="text/html")
    stand.answers["/upload/"] = answer_json({"upload": "1", "address": "/uploads/1/"}, status=201)
    return stand


@pytest.mark.parametrize("way", [DROP, PASTE], ids=["dropped", "pasted"])
def test_a_photo_may_come_from_anywhere_on_the_page(form: Stand, way: str) -> None:
    form.page.check("#consent")
    form.page.evaluate(way)
    form.page.wait_for_url("**/uploads/1/")


def test_while_a_photo_hovers_the_page_shows_it(form: Stand) -> None:
    form.page.evaluate(DROP)
    assert form.page.evaluate("window.dragging")
    assert not form.page.evaluate("document.body.classList.contains('dragging')")
