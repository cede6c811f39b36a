"""Upload page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from gpuworker import contract, errors
from gpuworker.images import photo
from portraits.files import storage
from portraits.models import Upload, User
from portraits.uploads import validation
from portraits.uploads.fair_queue import QueueFull, Requester
from portraits.uploads.sandbox import SandboxUnavailable
from portraits.uploads.validation import UploadRefused
from tests.portraits import photos

JSON = {"Accept": "application/json"}


def send(client: Client, photo: Any, consent: str = "on", **headers: str) -> Any:
    fields = {"consent": consent} if consent else {}
    if photo is not None:
        fields["photo"] = photo
    return client.post("/upload/", fields, headers=headers)


def nothing_is_left() -> bool:
    return not Upload.objects.exists() and not list(storage.keys()) and not list(Path(settings.SCRATCH_DIR).iterdir())


def test_the_page_asks_for_consent_and_a_photo(as_owner: Client) -> None:
    page = as_owner.get("/upload/").content.decode()
    assert 'name="consent"' in page
    assert re.search(r'<input class="drop-input" type="file" name="photo"[^>]* accept="image/jpeg,', page)
    assert 'enctype="multipart/form-data"' in page


def test_the_page_tells_its_script_and_its_reader_the_limits_of_the_gate(as_owner: Client) -> None:
    page = as_owner.get("/upload/").content.decode()
    assert f'data-too-large="{validation.SENTENCES["upload_too_large"]}"' in page
    assert f"{errors.PHOTO_FORMATS}, up to {contract.MAX_PHOTO_BYTES >> 20} MB." in page
    accept = re.search(r'accept="([^"]+)"', page)
    assert accept is not None
    assert {f"image/{name.lower()}" for name in photo.FORMATS} <= set(accept[1].split(","))


def test_a_form_leads_on_to_the_choice(as_owner: Client) -> None:
    answer = send(as_owner, photos.upload(photos.astronaut()))
    upload = Upload.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/uploads/{upload.pk}/")


def test_a_script_is_told_where_to_go(as_owner: Client) -> None:
    answer = send(as_owner, photos.upload(photos.astronaut()), **JSON)
    upload = Upload.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"upload": str(upload.pk), "address": f"/uploads/{upload.pk}/"}


@pytest.mark.parametrize(
    ("photo", "status", "code"),
    [(None, 400, "photo_missing"), (b"", 422, "empty_upload"), (b"no picture", 422, "unreadable_photo")],
)
def test_a_refusal_has_a_code_and_a_sentence(as_owner: Client, photo: bytes | None, status: int, code: str) -> None:
    answer = send(as_owner, None if photo is None else photos.upload(photo), **JSON)
    assert answer.status_code == status
    assert answer.json() == {"code": code, "sentence": answer.json()["sentence"], "details": {}}
    assert answer.json()["sentence"].endswith(".")
    assert nothing_is_left()


def test_without_a_script_the_sentence_stands_on_the_page(as_owner: Client) -> None:
    answer = send(as_owner, photos.upload(photos.wall()))
    assert answer.status_code == 422
    assert "We could not find a face in this picture." in answer.content.decode()
    assert 'id="consent" required checked' in answer.content.decode()
    assert nothing_is_left()


def test_case_33_without_consent_nothing_is_examined(as_owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(*_: object, **__: object) -> None:
        raise AssertionError("the photo was looked at")

    monkeypatch.setattr(validation, "validate", unexpected)
    answer = send(as_owner, photos.upload(photos.astronaut()), consent="", **JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "consent_missing")
    assert nothing_is_left()


def test_a_busy_gate_says_when_to_come_back(as_owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise UploadRefused("upload_busy")

    monkeypatch.setattr(validation, "validate", busy)
    answer = send(as_owner, photos.upload(photos.astronaut()), **JSON)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


@pytest.fixture
def two_places(owner: User) -> Iterator[None]:
    """Two places in the sandbox's queue, taken by the owner."""
    queue = validation.default_sandbox._queue
    with ExitStack() as places:
        for _ in range(2):
            places.callback(queue._leave, queue._enter(Requester(str(owner.pk), "192.0.2.1")))
        yield


@pytest.mark.usefixtures("two_places")
@pytest.mark.parametrize("json", [True, False])
def test_a_persons_third_upload_at_a_time_is_refused(as_owner: Client, json: bool) -> None:
    answer = send(as_owner, photos.upload(photos.astronaut()), **(JSON if json else {}))
    assert (answer.status_code, answer["Retry-After"]) == (429, "5")
    assert ('"uploads_at_once"' if json else "Two of your photos") in answer.content.decode()
    assert nothing_is_left()


def test_a_place_is_taken_for_the_person_and_the_address(as_owner: Client, owner: User, monkeypatch: Any) -> None:
    asked: list[Requester] = []

    def full(_photo: object, _most: int, requester: Requester) -> None:
        asked.append(requester)
        raise QueueFull

    monkeypatch.setattr(validation, "default_sandbox", full)
    assert send(as_owner, photos.upload(photos.astronaut()), **JSON).status_code == 503
    assert asked == [Requester(str(owner.pk), "127.0.0.1")]


@pytest.mark.parametrize("json", [True, False])
def test_a_decoder_that_is_gone_is_503_and_not_the_photos_fault(
    as_owner: Client, monkeypatch: pytest.MonkeyPatch, json: bool
) -> None:
    def gone(*_: object) -> None:
        raise SandboxUnavailable("killed")

    monkeypatch.setattr(validation, "default_sandbox", gone)
    answer = send(as_owner, photos.upload(photos.astronaut()), **(JSON if json else {}))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"].startswith("application/json" if json else "text/html")
    assert "could not open the photo just now" in answer.content.decode()
    assert nothing_is_left()


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\me.jpg",
        "me\x00.jpg",
        "me.jpg\r\nX-Evil: 1",
        "\u202egpj.me",
        "m" * 4096 + ".jpg",
        "me." + "j" * 4096,
    ],
    ids=["parents", "backslashes", "nul", "crlf", "right-to-left", "long", "long-extension"],
)
@pytest.mark.parametrize("padding", [0, settings.FILE_UPLOAD_MAX_MEMORY_SIZE], ids=["in-memory", "spooled"])
def test_case_17_whatever_a_file_is_called_it_is_stored_under_a_random_key(
    as_owner: Client, name: str, padding: int
) -> None:
    answer = send(as_owner, photos.upload(photos.astronaut() + bytes(padding), name), **JSON)
    assert answer.status_code == 201
    prefix = storage.photo_prefix(Upload.objects.get().pk)
    assert sorted(storage.keys()) == [prefix + storage.PHOTO, prefix + storage.THUMBNAIL]
    assert list(Path(settings.SCRATCH_DIR).iterdir()) == []


def test_case_28_fields_that_the_form_does_not_name_are_not_looked_at(as_owner: Client, stranger: Any) -> None:
    fields = {"owner": stranger.pk, "stored": "", "id": "1" * 32, "face_reports": "[]", "width": "1"}
    answer = as_owner.post("/upload/", {"consent": "on", "photo": photos.upload(photos.astronaut()), **fields})
    assert answer.status_code == 302
    upload = Upload.objects.get()
    assert (upload.owner.email, upload.width, len(upload.face_reports)) == ("owner@example.com", 512, 1)
    assert upload.pk.hex != "1" * 32


def test_other_methods_are_refused(as_owner: Client) -> None:
    assert as_owner.put("/upload/").status_code == 405
    assert as_owner.delete("/upload/").status_code == 405


def test_guests_of_one_address_send_so_many_photos_a_day_and_people_with_an_account_more(
    as_owner: Client, settings: Settings
) -> None:
    settings.GUEST_UPLOADS_PER_ADDRESS = 2
    for _ in range(2):
        assert send(Client(), photos.upload(b"no picture"), **JSON).status_code == 422
    answer = send(Client(), photos.upload(photos.astronaut()), **JSON)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_guest_uploads")
    assert answer["Retry-After"] == "3600"
    assert "With an account" in answer.json()["sentence"]
    assert nothing_is_left()
    assert not User.objects.filter(guest_until__isnull=False).exists()
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert send(elsewhere, photos.upload(b"no picture"), **JSON).status_code == 422
    assert send(as_owner, photos.upload(photos.astronaut()), **JSON).status_code == 201


def test_a_browser_without_cookies_is_told_so_in_a_sentence(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = send(strict, photos.upload(photos.astronaut()))
    assert answer.status_code == 403
    assert "Your browser refuses cookies" in answer.content.decode()
    strict.get("/upload/")
    assert "This page had become too old" in send(strict, photos.upload(photos.astronaut())).content.decode()
    assert nothing_is_left()


def test_case_36_more_than_an_address_may_send_in_an_hour_is_refused_before_it_is_read(
    as_owner: Client, settings: Settings
) -> None:
    settings.UPLOADS_PER_ADDRESS = 2
    for _ in range(2):
        assert send(as_owner, photos.upload(b"no picture"), **JSON).status_code == 422
    answer = send(as_owner, photos.upload(photos.astronaut()), **JSON)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "too_many_uploads", "600")
    assert nothing_is_left()
    settings.UPLOADS_PER_ADDRESS = 0
    assert send(as_owner, photos.upload(photos.astronaut()), **JSON).status_code == 201
