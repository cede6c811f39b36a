"""Script of the element under an address that names its version."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from portraits.files import element_versions, storage
from portraits.sharing.element_script import BUNDLE, CURRENT, ElementScript


def test_any_page_may_load_the_current_version_and_keep_it(anonymous: Client) -> None:
    answer = anonymous.get(CURRENT.path(), headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.content) == CURRENT.files[BUNDLE]
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Vary"] == "Accept-Encoding"
    assert answer.cookies == {}


def test_a_snippet_of_an_older_version_goes_on_working(anonymous: Client, tmp_path: Path) -> None:
    (tmp_path / BUNDLE).write_text("older")
    older = ElementScript(tmp_path)
    element_versions.keep(older)
    answer = anonymous.get(older.path())
    assert (answer.status_code, answer.content) == (200, b"older")


def test_a_version_that_is_nowhere_leads_to_the_current_script(anonymous: Client) -> None:
    answer = anonymous.get(reverse("element-script", args=["0" * 32, BUNDLE]))
    assert (answer.status_code, answer["Location"]) == (302, f"/static/gaze/{BUNDLE}")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("version", "name"),
    [("0" * 31, BUNDLE), ("0" * 32, "element.js"), ("0" * 32, "../../photos/1/photo.webp"), ("..", BUNDLE)],
)
def test_nothing_else_of_the_storage_has_such_an_address(anonymous: Client, version: str, name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("element-script", args=[version, name])
    assert anonymous.get(f"/element/{version}/{name}").status_code in (302, 404)  # 302 to the login, as any unknown one


def test_storage_that_is_away_is_no_other_script(anonymous: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(key: str) -> bytes:
        raise storage.StorageUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "read", away)
        anonymous.raise_request_exception = False
        answer = anonymous.get(reverse("element-script", args=["0" * 32, BUNDLE]))
    assert answer.status_code == 503
    assert "no-store" in answer["Cache-Control"]
