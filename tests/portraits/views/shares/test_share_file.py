"""Files of a shared portrait, for pages of any origin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portraits.files import storage
from portraits.live import publisher
from portraits.models import Output, Portrait, Session, ShareLink


@pytest.fixture
def token(portrait: Portrait) -> str:
    return ShareLink.create_for(portrait)[1]


@pytest.fixture
def output(session: Session) -> Output:
    assert session.shown is not None
    return session.shown


@pytest.fixture
def address(token: str, output: Output) -> str:
    return reverse("share-file", args=[token, publisher.file_name(output, "q0.webp")])


def test_a_sheet_goes_out_as_it_is_stored(anonymous: Client, address: str, output: Output) -> None:
    answer = anonymous.get(address, headers={"Origin": "https://elsewhere.example"})
    assert answer.content == storage.read(output.key("q0.webp"))
    assert answer["Content-Type"] == "image/webp"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Cache-Control"] == "public, max-age=60"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Cookie" not in answer.get("Vary", "")


def test_what_the_browser_has_is_not_sent_again(
    anonymous: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = anonymous.get(address)["ETag"]
    with monkeypatch.context() as patch:
        patch.setattr(storage, "read", None)  # it is not even read
        for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            answer = anonymous.get(address, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer["Access-Control-Allow-Origin"] == "*"


def test_head_and_options(anonymous: Client, address: str) -> None:
    head = anonymous.head(address)
    assert (head.status_code, head.content, head["Content-Type"]) == (200, b"", "image/webp")
    assert anonymous.options(address).status_code == 204


def test_another_name_is_404(anonymous: Client, token: str, output: Output) -> None:
    own = publisher.file_name(output, "")
    for name in (
        "q0.webp",
        f"{own}nothing.webp",
        f"{own}..%2fphoto.webp",
        f"{own}manifest.json",
        "000000000000-1.q0.webp",
    ):
        assert anonymous.get(f"/s/{token}/{name}").status_code == 404


def test_the_photo_is_not_shared(anonymous: Client, token: str, output: Output) -> None:
    for name in (storage.PHOTO, storage.THUMBNAIL, publisher.file_name(output, storage.PHOTO)):
        assert anonymous.get(f"/s/{token}/{name}").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_a_file_is_only_read(anonymous: Client, address: str, method: str) -> None:
    assert getattr(anonymous, method)(address).status_code == 405
