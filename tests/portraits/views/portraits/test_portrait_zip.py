"""ZIP archive of a portrait for its owner."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import AsyncClient, Client
from django.urls import reverse

from portraits.files import storage
from portraits.files.temporary_stream import TemporaryStream
from portraits.models import Portrait, Session, User
from tests.portraits import factories


def address(portrait: Portrait) -> str:
    return reverse("portrait-zip", args=[portrait.pk])


@async_to_sync
async def download(person: User, url: str) -> tuple[dict[str, str], bytes]:
    """Headers and body, as the site's own server sends them."""
    client = AsyncClient()
    await client.aforce_login(person)
    answer = await client.get(url)
    assert answer.status_code == 200
    body = b"".join([piece async for piece in answer.streaming_content])
    answer.close()
    return dict(answer.headers), body


def test_the_owner_takes_the_portrait_along(owner: User, portrait: Portrait, session: Session) -> None:
    headers, body = download(owner, address(portrait))
    assert headers["Content-Type"] == "application/zip"
    assert headers["Content-Disposition"] == 'attachment; filename="eileen.zip"'
    assert headers["Content-Length"] == str(len(body))
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    packed = zipfile.ZipFile(io.BytesIO(body))
    assert session.shown is not None
    assert packed.read("q0.webp") == storage.read(session.shown.key("q0.webp"))


def test_nothing_is_left_on_disk_and_no_file_open(owner: User, portrait: Portrait) -> None:
    download(owner, address(portrait))  # whatever a first time opens for good
    before = len(os.listdir("/proc/self/fd"))
    download(owner, address(portrait))
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(settings.SCRATCH_DIR.iterdir()) == []


@pytest.mark.parametrize(
    ("title", "name"), [("Großmutter & ich", "gromutter-ich.zip"), ("../../etc", "etc.zip"), ("日本", "portrait.zip")]
)
def test_the_file_s_name_is_plain(as_owner: Client, portrait: Portrait, title: str, name: str) -> None:
    Portrait.objects.filter(pk=portrait.pk).update(title=title)
    assert as_owner.head(address(portrait))["Content-Disposition"] == f'attachment; filename="{name}"'


def test_head_packs_nothing(as_owner: Client, portrait: Portrait) -> None:
    answer = as_owner.head(address(portrait))
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"", "application/zip")


def test_a_portrait_in_mid_job_is_not_whole(as_owner: Client, rendering: Session) -> None:
    answer = as_owner.get(address(rendering.portrait))
    assert answer.status_code == 409
    assert "The sheets for this download are not there yet." in answer.content.decode()


def test_a_download_without_sheets_leads_to_them(as_owner: Client, owner: User) -> None:
    session = factories.session(factories.portrait(owner))
    factories.complete(factories.claimed(session))
    answer = as_owner.get(address(session.portrait))
    assert answer.status_code == 409
    assert f'action="{reverse("session-sheets", args=[session.pk])}"' in answer.content.decode()
    assert session.ask_for_sheets()
    assert "Draw the sheets" not in as_owner.get(address(session.portrait)).content.decode()
    factories.make_sheets(session)
    assert as_owner.head(address(session.portrait)).status_code == 200


def test_a_portrait_that_has_never_been_made_is_not_whole(as_owner: Client, owner: User) -> None:
    assert as_owner.get(address(factories.portrait(owner))).status_code == 409


def test_files_that_have_just_been_deleted_are_404(as_owner: Client, portrait: Portrait, session: Session) -> None:
    assert session.shown is not None
    key = session.shown.key("q3.webp")
    data = storage.read(key)
    storage.private().delete(key)
    assert as_owner.get(address(portrait)).status_code == 404
    assert list(settings.SCRATCH_DIR.iterdir()) == []
    storage.put(key, data)


def test_a_stranger_gets_404(as_stranger: Client, as_moderator: Client, portrait: Portrait) -> None:
    for client in (as_stranger, as_moderator):
        for method in (client.get, client.head):
            assert method(address(portrait)).status_code == 404


def test_nobody_is_sent_to_sign_in(anonymous: Client, portrait: Portrait) -> None:
    assert anonymous.get(address(portrait))["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_it_is_only_read(as_owner: Client, portrait: Portrait, method: str) -> None:
    assert getattr(as_owner, method)(address(portrait)).status_code == 405


def test_a_person_with_two_downloads_under_way_is_asked_to_wait(
    as_owner: Client, portrait: Portrait, owner: User, tmp_path: Path
) -> None:
    files = [TemporaryStream(tmp_path, owner.pk) for _ in range(2)]
    answer = as_owner.get(f"/portraits/{portrait.pk}/portrait.zip", headers={"Accept": "application/json"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "15")
    assert answer.json()["code"] == "too_many_downloads"
    for file in files:
        file.close()
    answer = as_owner.get(f"/portraits/{portrait.pk}/portrait.zip")
    assert answer.status_code == 200
    answer.close()
