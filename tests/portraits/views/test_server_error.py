"""Answers to people and programs while the site cannot do its work: 503, in the form they asked for."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from portraits import metrics
from portraits.accounts.session_store import SessionStore
from portraits.files import storage, zip_archive
from portraits.http import outages
from portraits.http.outages import DATABASE_UNAVAILABLE, DISK_FULL, STORAGE_UNAVAILABLE
from portraits.live import publisher
from portraits.models import Portrait, Session, ShareLink, Upload, User
from portraits.uploads.upload_handler import FixedNameUploadHandler
from portraits.views import gallery as gallery_view
from tests.portraits import factories, photos

JSON = {"Accept": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def client(as_owner: Client) -> Client:
    """Answers as a browser gets them: exceptions stay on the server."""
    as_owner.raise_request_exception = False
    return as_owner


def write_to_full_device(*ignored: object, **also: object) -> None:
    """The kernel's own ENOSPC."""
    device = os.open("/dev/full", os.O_WRONLY)
    try:
        os.write(device, b"anything")
    finally:
        os.close(device)


def lock(*ignored: object, **also: object) -> None:
    raise OperationalError("database is locked")


@pytest.fixture
def locked_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_view.gallery_items, "with_sessions", lock)


@pytest.mark.usefixtures("locked_gallery")
def test_a_program_gets_code_and_sentence(client: Client) -> None:
    answer = client.get("/portraits/", headers=JSON)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "no-store" in answer["Cache-Control"]
    assert answer.json() == {"code": "database_unavailable", "sentence": DATABASE_UNAVAILABLE.sentence}


@pytest.mark.usefixtures("locked_gallery")
@pytest.mark.parametrize("headers", [BROWSER, {}], ids=["browser", "anything"])
def test_everybody_else_gets_a_page_with_the_sentence(client: Client, headers: dict[str, str]) -> None:
    answer = client.get("/portraits/", headers=headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer["Content-Type"].startswith("text/html")
    assert DATABASE_UNAVAILABLE.sentence in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.usefixtures("locked_gallery")
def test_it_is_logged_once_and_counted(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    counter = metrics.OUTAGES.labels("database_unavailable")
    before = counter._value.get()
    with caplog.at_level(logging.WARNING):
        client.get("/portraits/")
    assert [(record.name, record.exc_info is not None) for record in caplog.records] == [("django.request", True)]
    assert counter._value.get() == before + 1


def test_a_database_that_fails_in_the_middleware_is_no_bug_either(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SessionStore, "load", lock)
    answer = client.get("/portraits/", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")


def test_a_bug_is_still_a_500(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_view.gallery_items, "with_sessions", lambda portraits: 1 / 0)
    assert client.get("/portraits/").status_code == 500


def test_the_page_asks_nobody_anything(rf_request: HttpRequest, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert outages.response(rf_request, DISK_FULL).status_code == 503


@pytest.fixture
def rf_request(client: Client, rf: Any) -> HttpRequest:
    request: HttpRequest = rf.get("/", headers=BROWSER)
    return request


# --- a full disk, at each write


def send(client: Client, **headers: str) -> Any:
    return client.post("/upload/", {"consent": "on", "photo": photos.upload(photos.astronaut())}, headers=headers)


def test_case_63_a_disk_that_is_full_while_the_photo_comes_in_is_not_the_photos_fault(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: FixedNameUploadHandler, data: bytes, start: int) -> None:
        self.file.close()
        write_to_full_device()

    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    monkeypatch.setattr(FixedNameUploadHandler, "receive_data_chunk", full)
    answer = send(client, **JSON)
    assert (answer.status_code, answer.json()) == (503, DISK_FULL.to_json())
    assert "photo" not in answer.json()["sentence"]


def test_case_63_a_database_that_cannot_grow_takes_no_upload_and_keeps_no_file(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Upload, "save", lock)
    assert send(client, **JSON).status_code == 503
    assert list(storage.keys()) == []


def test_case_63_a_zip_for_which_there_is_no_room_is_a_503_and_leaves_nothing(
    client: Client, portrait: Portrait, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_archive, "write", write_to_full_device)
    answer = client.get(f"/portraits/{portrait.pk}/portrait.zip")
    assert (answer.status_code, answer["Retry-After"]) == (503, str(DISK_FULL.retry_seconds))
    assert list(Path(settings.SCRATCH_DIR).iterdir()) == []


# --- a storage that is away


@pytest.mark.spoiled
def test_case_53_files_in_a_folder_that_is_not_mounted_are_not_gone(
    client: Client, session: Session, storage_folder: Path
) -> None:
    assert session.shown is not None
    address = f"/sessions/{session.pk}/{publisher.file_name(session.shown, 'poster.webp')}"
    assert client.get(address).status_code == 200
    storage_folder.rename(storage_folder.with_name("elsewhere"))
    answer = client.get(address, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (503, STORAGE_UNAVAILABLE.code)
    assert send(client, **JSON).status_code == 503
    assert client.get(f"/portraits/{session.portrait_id}/portrait.zip").status_code == 503
    assert client.get("/portraits/").status_code == 200
    assert not storage_folder.exists()


# --- only writing is impossible


def test_what_only_reads_goes_on_while_nothing_can_be_written(client: Client, owner: User, session: Session) -> None:
    _, token = ShareLink.create_for(session.portrait)
    waiting = factories.upload(owner)

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip().upper().startswith("SELECT"):
            raise OperationalError("database or disk is full")
        return execute(sql, params, many, context)

    pages = [
        "/",
        "/portraits/",
        f"/portraits/{session.portrait_id}/",
        f"/sessions/{session.pk}/manifest.json",
        f"/sessions/{session.pk}/progress.json",
        f"/uploads/{waiting.pk}/",
        f"/s/{token}/",
        f"/s/{token}/embed/",
        f"/s/{token}/manifest.json",
        "/account/",
        "/upload/",
    ]
    with connection.execute_wrapper(refuse):
        assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
