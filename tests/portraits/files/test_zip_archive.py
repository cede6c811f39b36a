"""ZIP archive of a portrait: its contents, and that it works on any web server."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from gpuworker.cli import standalone_page
from gpuworker.contract import CARD_NAME, SHEETS, Manifest
from portraits.files import storage, zip_archive
from portraits.models import Output, Session, User
from portraits.sharing import link_preview
from tests.portraits import factories

ORIGINAL = {
    "gridSize": 30,
    "quadrantSize": 15,
    "mobileGridSize": 20,
    "mobileQuadrantSize": 10,
    "imageWidth": 410,
    "imageHeight": 512,
    "hasAlpha": False,
    "format": "webp",
    "mode": "quadrants",
    "totalImages": 900,
}


@pytest.fixture
def output(session: Session) -> Output:
    assert session.shown is not None
    return session.shown


@pytest.fixture
def packed(output: Output) -> zipfile.ZipFile:
    file = io.BytesIO()
    zip_archive.write(output, file)
    return zipfile.ZipFile(file)


def test_sheets_have_the_original_s_names_and_their_stored_bytes(packed: zipfile.ZipFile, output: Output) -> None:
    for name in ["poster.webp", *(sheet for sheets in SHEETS.values() for sheet in sheets)]:
        assert packed.read(name) == storage.read(output.key(name))
        assert packed.getinfo(name).compress_type == zipfile.ZIP_STORED
    assert packed.testzip() is None


def test_the_page_and_the_element_are_beside_them(packed: zipfile.ZipFile) -> None:
    assert set(standalone_page.names()) < set(packed.namelist())
    assert b"<gaze-tracker" in packed.read("index.html")


def test_there_is_nothing_else_in_it(packed: zipfile.ZipFile) -> None:
    sheets = ["poster.webp", "rig.bin", "photo.webp", *(sheet for sheets in SHEETS.values() for sheet in sheets)]
    texts = ["README.txt", "manifest.json", "metadata.json"]
    assert sorted(packed.namelist()) == sorted([*sheets, *standalone_page.names(), *texts])


def test_its_manifest_names_the_files_as_they_lie_there(packed: zipfile.ZipFile) -> None:
    manifest = Manifest.loads(packed.read("manifest.json").decode())
    assert manifest.complete
    names = {manifest.poster, *(name for level in manifest.levels for name in level.files)}
    assert names <= set(packed.namelist())


def test_its_metadata_are_the_original_s(packed: zipfile.ZipFile) -> None:
    assert json.loads(packed.read("metadata.json")) == ORIGINAL


def test_metadata_tell_the_portrait_s_own_size_and_transparency(packed: zipfile.ZipFile) -> None:
    manifest = {**json.loads(packed.read("manifest.json")), "frame": {"width": 512, "height": 640}, "alpha": True}
    assert zip_archive.metadata(manifest) == {**ORIGINAL, "imageWidth": 512, "imageHeight": 640, "hasAlpha": True}


def test_case_35_manifest_and_readme_say_that_it_is_synthetic(packed: zipfile.ZipFile) -> None:
    assert json.loads(packed.read("manifest.json"))["synthetic"] is True
    assert b"SYNTHETIC" in packed.read("README.txt")


def test_the_readme_explains_every_file_and_the_older_spelling(packed: zipfile.ZipFile) -> None:
    text = packed.read("README.txt").decode()
    for name in (
        "index.html",
        "gaze-tracker.js",
        "manifest.json",
        "metadata.json",
        "poster.webp",
        "q0_20.webp",
        "q0.webp",
    ):
        assert name in text
    assert 'src="q0.webp,q1.webp,q2.webp,q3.webp"' in text
    assert max(map(len, text.splitlines())) <= 76


def test_the_same_portrait_is_the_same_archive(output: Output) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    zip_archive.write(output, first)
    zip_archive.write(output, second)
    assert first.getvalue() == second.getvalue()


def test_files_that_have_just_been_deleted_are_an_error(output: Output) -> None:
    data = storage.read(output.key("q3.webp"))
    storage.private().delete(output.key("q3.webp"))
    with pytest.raises(FileNotFoundError):
        zip_archive.write(output, io.BytesIO())
    storage.put(output.key("q3.webp"), data)


def test_a_card_for_link_previews_stays_at_home(owner: User) -> None:
    output = factories.claimed(factories.session(factories.portrait(owner), remove_background=True))
    factories.complete(output, alpha=True)
    file = io.BytesIO()
    zip_archive.write(output, file)
    packed = zipfile.ZipFile(file)
    assert {CARD_NAME, link_preview.NAME} <= set(output.files)
    assert not {CARD_NAME, link_preview.NAME} & set(packed.namelist())
    assert json.loads(packed.read("metadata.json"))["hasAlpha"] is True
    assert json.loads(packed.read("manifest.json"))["alpha"] is True
