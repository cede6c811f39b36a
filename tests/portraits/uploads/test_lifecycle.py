"""Lifecycle of an upload, from the photo to the portrait."""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection, connections
from django.utils import timezone

from gpuworker.contract import LARGE_FRAME, Box
from portraits import deletion, integrity
from portraits.files import disk_space, storage
from portraits.http import outages
from portraits.models import Charge, PendingDeletion, Portrait, Session, Upload, User
from portraits.uploads import lifecycle, validation
from portraits.uploads.lifecycle import PortraitOptions
from portraits.uploads.validation import UploadRefused
from tests.portraits import factories, photos


@pytest.fixture
def upload(owner: User) -> Upload:
    return factories.upload(owner)


def received(owner: User) -> Upload:
    return lifecycle.create_upload(owner, io.BytesIO(photos.astronaut()), consent=True)


# --- create_upload


def test_a_photo_is_kept_clean_with_what_was_found_in_it(owner: User) -> None:
    upload = received(owner)
    assert (upload.owner, upload.stored, upload.width, upload.height) == (owner, True, 512, 512)
    prefix = storage.photo_prefix(upload.pk)
    assert sorted(storage.keys(prefix)) == [prefix + storage.PHOTO, prefix + storage.THUMBNAIL]
    assert storage.sha256(prefix + storage.PHOTO) == upload.photo_sha256 != upload.original_sha256
    (face,) = lifecycle.faces(upload)
    assert face.usable
    assert lifecycle.suggested(upload) == face


def test_case_33_without_consent_the_photo_is_not_even_read(owner: User) -> None:
    photo = io.BytesIO(photos.astronaut())
    with pytest.raises(UploadRefused, match="consent_missing"):
        lifecycle.create_upload(owner, photo, consent=False)
    assert photo.tell() == 0
    assert not Upload.objects.exists()
    assert list(storage.keys()) == []


def test_a_refused_photo_leaves_nothing(owner: User) -> None:
    with pytest.raises(UploadRefused, match="no_face"):
        lifecycle.create_upload(owner, io.BytesIO(photos.wall()), consent=True)
    assert not Upload.objects.exists()
    assert list(storage.keys()) == []


def test_when_storage_is_full_the_person_is_told_and_nothing_stays(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = storage.put

    def full(key: str, source: Path | bytes) -> None:
        if key.endswith(storage.THUMBNAIL):
            raise OSError(28, "No space left on device")
        put(key, source)

    monkeypatch.setattr(storage, "put", full)
    with pytest.raises(UploadRefused) as refusal:
        received(owner)
    assert (refusal.value.code, refusal.value.status) == ("upload_not_stored", 503)
    assert not Upload.objects.exists()
    deletion.delete_pending_files()
    assert list(storage.keys()) == []


def test_case_63_the_last_of_the_disk_is_for_what_goes_on_and_not_for_new_photos(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(1 << 40, 1 << 40, 0))
    with pytest.raises(disk_space.DiskFull) as full:
        received(owner)
    assert outages.outage_of(full.value) == outages.DISK_FULL
    assert not Upload.objects.exists()


def test_the_row_is_there_before_the_first_file(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    put = storage.put

    def watched(key: str, source: Path | bytes) -> None:
        seen.append([upload.stored for upload in Upload.objects.all()])
        put(key, source)

    monkeypatch.setattr(storage, "put", watched)
    received(owner)
    assert seen == [[False], [False]]


def test_a_row_removed_in_mid_upload_takes_late_files_with_it(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    put = storage.put

    def overtaken(key: str, source: Path | bytes) -> None:
        Upload.objects.all().delete()
        put(key, source)

    monkeypatch.setattr(storage, "put", overtaken)
    with pytest.raises(UploadRefused, match="upload_not_stored"):
        received(owner)
    assert PendingDeletion.objects.count() == 1
    deletion.delete_pending_files()
    assert list(storage.keys()) == []


def test_where_no_face_is_plainly_meant_none_is_suggested(upload: Upload) -> None:
    (face,) = upload.face_reports
    upload.face_reports = [
        {**face, "index": 0, "crop": None, "code": "face_cut", "sentence": "The edge cuts it."},
        {**face, "index": 1, "suggested": False},
        {**face, "index": 2, "suggested": False},
    ]
    assert lifecycle.suggested(upload) is None
    upload.face_reports[2]["suggested"] = True
    meant = lifecycle.suggested(upload)
    assert meant is not None
    assert meant.index == 2


# --- create_portrait


def test_a_portrait_takes_over_the_upload_with_its_files(upload: Upload) -> None:
    options = PortraitOptions(
        lifecycle.suggested(upload), intensity=1.4, frame=LARGE_FRAME, lifetime=timedelta(days=30), title="Grandmother"
    )
    session = lifecycle.create_portrait(upload, options)
    portrait = session.portrait
    assert portrait.pk == upload.pk
    assert (portrait.owner, portrait.title, portrait.consent_at) == (upload.owner, "Grandmother", upload.consent_at)
    assert (session.intensity, session.frame_width, session.frame_height) == (1.4, 512, 640)
    assert portrait.expires_at is not None
    assert timedelta(days=29) < portrait.expires_at - timezone.now() < timedelta(days=31)
    assert not Upload.objects.exists()
    assert storage.exists(storage.photo_prefix(portrait.pk) + storage.PHOTO)


@pytest.mark.parametrize(
    ("framing", "expected"),
    [("auto", "auto"), ("whole", "whole"), (Box(10, 20, 400, 500), Box(10, 20, 400, 500))],
)
def test_the_framing_reaches_the_worker_as_chosen(upload: Upload, framing: Box | str, expected: Box | str) -> None:
    session = lifecycle.create_portrait(upload, PortraitOptions(lifecycle.suggested(upload), framing))  # type: ignore[arg-type]
    assert Portrait.objects.get(pk=upload.pk).framing == expected
    assert session.request(b"photo", "warp").framing == expected


def test_creating_the_portrait_again_gives_the_same_session(upload: Upload) -> None:
    options = PortraitOptions(lifecycle.suggested(upload))
    assert lifecycle.create_portrait(upload, options) == lifecycle.create_portrait(upload, options)
    assert (Session.objects.count(), Charge.objects.count()) == (1, 1)


def test_a_photo_that_waited_too_long_is_gone(upload: Upload) -> None:
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=2))
    with pytest.raises(lifecycle.UploadGone):
        lifecycle.create_portrait(upload, PortraitOptions(lifecycle.suggested(upload)))
    assert not Portrait.objects.exists()


def test_a_portrait_that_was_deleted_does_not_come_back(upload: Upload) -> None:
    options = PortraitOptions(lifecycle.suggested(upload))
    deletion.delete_portrait(lifecycle.create_portrait(upload, options).portrait)
    with pytest.raises(lifecycle.UploadGone):
        lifecycle.create_portrait(upload, options)
    assert not Portrait.objects.exists()


@pytest.fixture
def on_disk(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """Database in a file, where threads wait for each other as on the real site; in memory they cannot."""
    in_memory = connections["default"]
    in_memory.ensure_connection()
    with closing(sqlite3.connect(tmp_path / "site.sqlite3")) as file:
        in_memory.connection.backup(file)
    name, in_memory.settings_dict["NAME"] = in_memory.settings_dict["NAME"], str(tmp_path / "site.sqlite3")
    connections["default"] = connections.create_connection("default")
    yield
    connections["default"].close()
    in_memory.settings_dict["NAME"] = name  # before anything closes it: with its last connection the memory is gone
    connections["default"] = in_memory


@pytest.mark.spoiled  # the agreement of rows and files is asked here, before the file is gone
def test_case_20_twenty_equal_submits_at_once_make_one_portrait_one_session_one_charge(on_disk: None) -> None:
    upload = factories.upload(factories.user("owner"))
    client = factories.signed_in(upload.owner)
    address, cookies = f"/uploads/{upload.pk}/", client.cookies
    together = Barrier(20)

    def submit(_: int) -> tuple[int, str]:
        browser = type(client)()
        browser.cookies = cookies
        together.wait(timeout=60)
        try:
            answer = browser.post(address, {"face": "0"})
            return answer.status_code, answer["Location"]
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as people:
        answers = set(people.map(submit, range(20)))
    assert answers == {(302, f"/portraits/{upload.pk}/")}
    assert (Portrait.objects.count(), Session.objects.count(), Charge.objects.count()) == (1, 1, 1)
    assert [str(difference) for difference in integrity.differences()] == []


@pytest.fixture(scope="session", autouse=True)
def default_sandbox() -> Iterator[None]:
    """Sandbox of the site, closed after the test."""
    yield
    validation.stop()
