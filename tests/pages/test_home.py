"""The home page: its dialog with the upload form."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from portraits.uploads.forms import UploadForm
from tests.pages.conftest import ORIGIN, Stand

PAGE = """<!doctype html><body><a id="make-your-own" href="/upload/">Make your own</a>
<dialog id="upload-dialog"><button id="upload-close">Close</button>{form}</dialog>
<script type="module" src="/static/site/home.js"></script>"""
DROP = """() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(['x'], 'me.jpg', { type: 'image/jpeg' }));
  document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def home(stand: Stand) -> Stand:
    form = render_to_string("portraits/_upload_form.html", {"form": UploadForm(), "csrf_token": "t"})
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE.format(form=form), content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    return stand


def test_the_link_opens_the_form_in_place_and_its_button_closes_it(home: Stand) -> None:
    dialog = home.page.locator("#upload-dialog")
    home.page.click("#make-your-own")
    expect(dialog).to_be_visible()
    home.page.click("#upload-close")
    expect(dialog).to_be_hidden()
    assert "GET /upload/" not in home.asked


def test_a_photo_dropped_on_the_page_opens_the_form_with_it(home: Stand) -> None:
    home.page.evaluate(DROP)
    expect(home.page.locator("#upload-dialog")).to_be_visible()
    expect(home.page.locator("#upload-error")).to_contain_text("Please confirm the sentence above first.")
