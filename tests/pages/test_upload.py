"""The upload form: consent first, progress, and what is wrong, in place."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Route, expect

from portraits.uploads.forms import UploadForm
from tests.pages.conftest import Stand, answer_json
from tests.portraits import photos

PHOTO: FilePayload = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photos.astronaut()}


@pytest.fixture
def form(stand: Stand) -> Stand:
    stand.open("portraits/_upload_form.html", {"form": UploadForm(), "csrf_token": "t"}, script="upload-page.js")
    stand.answers["/uploads/1/"] = lambda route: route.fulfill(body="chosen", content_type="text/html")
    stand.answers["/upload/"] = answer_json({"upload": "1", "address": "/uploads/1/"}, status=201)
    return stand


def arrived(form: Stand) -> None:
    form.page.wait_for_url("**/uploads/1/")


def test_with_consent_a_chosen_photo_is_sent_and_leads_on(form: Stand) -> None:
    form.page.check("#consent")
    form.page.set_input_files("#photo", PHOTO)
    arrived(form)


def test_case_33_without_consent_the_photo_waits_in_the_browser_until_it_is_given(form: Stand) -> None:
    form.page.set_input_files("#photo", PHOTO)
    expect(form.page.locator("#upload-error")).to_have_text(
        "Please confirm the sentence above first. Then your photo is sent."
    )
    expect(form.page.locator("#consent")).to_be_focused()
    expect(form.page.locator("#upload-waiting")).to_be_visible()
    assert "POST /upload/" not in form.asked
    form.page.click("#consent")  # `check` would look at the box again, on the page to which this leads
    arrived(form)


def test_a_browser_that_refuses_cookies_is_told_before_anything_is_sent(form: Stand) -> None:
    form.page.evaluate("Object.defineProperty(navigator, 'cookieEnabled', { get: () => false })")
    form.page.check("#consent")
    form.page.set_input_files("#photo", PHOTO)
    expect(form.page.locator("#upload-error")).to_contain_text("Your browser refuses cookies.")
    assert "POST /upload/" not in form.asked


def test_a_refusal_is_said_in_place_and_another_photo_may_follow(form: Stand) -> None:
    taken = form.answers["/upload/"]
    form.answers["/upload/"] = answer_json({"code": "no_face", "sentence": "No face.", "details": {}}, status=422)
    form.page.check("#consent")
    form.page.set_input_files("#photo", PHOTO)
    expect(form.page.locator("#upload-error")).to_have_text("No face.")
    expect(form.page.locator("#upload-sending")).to_be_hidden()
    form.answers["/upload/"] = taken
    form.page.set_input_files("#photo", PHOTO)
    arrived(form)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (413, "This file is too large."),
        (403, "This page has become too old."),
        (500, "Something went wrong on our side."),
    ],
)
def test_an_answer_that_is_no_json_becomes_a_sentence_too(form: Stand, status: int, sentence: str) -> None:
    form.answers["/upload/"] = lambda route: route.fulfill(status=status, body="<h1>proxy</h1>")
    form.page.check("#consent")
    form.page.set_input_files("#photo", PHOTO)
    expect(form.page.locator("#upload-error")).to_contain_text(sentence)


def test_a_site_out_of_reach_is_said(form: Stand) -> None:
    form.answers["/upload/"] = lambda route: route.abort()
    form.page.check("#consent")
    form.page.set_input_files("#photo", PHOTO)
    expect(form.page.locator("#upload-error")).to_contain_text("could not be reached")


def test_an_upload_can_be_stopped(form: Stand) -> None:
    held: list[Route] = []
    form.answers["/upload/"] = held.append
    form.page.check("#consent")
    form.page.set_input_files("#photo", PHOTO)
    expect(form.page.locator("#upload-status")).to_have_text("Sending your photo…")
    form.page.click("#upload-stop")
    expect(form.page.locator("#upload-sending")).to_be_hidden()
    expect(form.page.locator("#upload-error")).to_have_text("")


def test_what_is_no_picture_is_not_sent(form: Stand) -> None:
    form.page.check("#consent")
    form.page.set_input_files("#photo", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"})
    expect(form.page.locator("#upload-error")).to_have_text("This is not a picture. Please choose a photo.")
    assert "POST /upload/" not in form.asked


def test_back_from_the_next_page_the_form_takes_another_photo(form: Stand) -> None:
    """Browsers keep a page as it was left; then it was still sending."""
    form.page.check("#consent")
    form.page.evaluate("document.querySelector('#upload-form').setAttribute('aria-busy', 'true')")
    form.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(form.page.locator("#upload-form")).not_to_have_attribute("aria-busy", "true")
    form.page.set_input_files("#photo", PHOTO)
    arrived(form)
