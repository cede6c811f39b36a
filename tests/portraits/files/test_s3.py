"""Files in a bucket of a server that verifies signatures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from unittest import mock

import httpx
import pytest
from botocore import auth
from django.core.files.storage import storages
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from portraits import deletion
from portraits.files import storage
from portraits.live import publisher
from portraits.models import Portrait, Session, ShareLink, User
from tests.portraits import factories
from tests.production.conftest import empty
from tests.production.conftest import relay as relay  # a fixture
from tests.production.conftest import s3_part as s3_part  # a fixture
from tests.production.parts import BUCKET, KEY, SECRET, Part
from tests.production.relay import Relay

pytestmark = pytest.mark.slow  # a server that the extra `check` brings

S3Part = tuple[Part, dict[str, str]]


@pytest.fixture(autouse=True)
def bucket(s3_part: S3Part, settings: Settings) -> None:
    """Empty bucket as the site's storage."""
    in_bucket(settings, s3_part[1]["AWS_ENDPOINT_URL_S3"])
    empty(s3_part[1])


def in_bucket(settings: Settings, address: str) -> None:
    options = {"bucket_name": BUCKET, "endpoint_url": address, "region_name": "auto"}
    options |= {"access_key": KEY, "secret_key": SECRET}
    settings.STORAGES = {**settings.STORAGES, "private": {"BACKEND": "portraits.files.s3.Bucket", "OPTIONS": options}}


def test_files_are_put_replaced_read_hashed_listed_and_erased() -> None:
    for data in (b"old", b"new"):
        storage.put("photos/one/photo.webp", data)
    storage.put("photos/only/photo.webp", b"other")
    assert storage.read("photos/one/photo.webp") == b"new"
    assert storage.sha256("photos/one/photo.webp") == factories.sha256(b"new")
    assert sorted(storage.keys()) == ["photos/one/photo.webp", "photos/only/photo.webp"]
    assert storage.delete("photos/one/") == 1
    assert storage.delete("photos/one/") == 0
    assert list(storage.keys("photos/")) == ["photos/only/photo.webp"]
    assert storage.exists("photos/only/photo.webp")
    assert storage.delete("photos/only/photo.webp") == 1
    assert not storage.exists("photos/only/photo.webp")


def test_a_file_that_is_not_there_is_said_as_everywhere() -> None:
    with pytest.raises(FileNotFoundError):
        storage.read("photos/none/photo.webp")


def test_all_threads_share_one_connection() -> None:
    storage.put("demo/one.webp", b"one")
    found = []
    threads = [threading.Thread(target=lambda: found.append(id(storage.private().connection))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {id(storage.private().connection)}


@pytest.mark.parametrize(
    "operation",
    [
        lambda: storage.put("demo/one.webp", b"x"),
        lambda: storage.read("demo/one.webp"),
        lambda: storage.exists("demo/one.webp"),
        lambda: storage.delete("demo/one.webp"),
        lambda: list(storage.keys()),
    ],
)
def test_case_53_a_bucket_that_is_away_is_an_oserror(
    relay: Relay, settings: Settings, operation: Callable[[], object]
) -> None:
    in_bucket(settings, f"http://127.0.0.1:{relay.port}")
    relay.cut()
    try:
        with pytest.raises(OSError, match="bucket does not answer"):
            operation()
    finally:
        relay.mend()


def test_wrong_keys_are_an_oserror_too(settings: Settings) -> None:
    private = settings.STORAGES["private"]
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {**private, "OPTIONS": {**private["OPTIONS"], "secret_key": "wrong"}},
    }
    with pytest.raises(OSError, match="the bucket refuses"):
        storage.read("demo/one.webp")
    assert storages["private"].bucket_name == BUCKET


# --- case 24: addresses signed for owners


def signed(client: Client, session: Session) -> str:
    """URL to which the owner is redirected for the poster."""
    assert session.shown is not None
    name = publisher.file_name(session.shown, "poster.webp")
    answer = client.get(f"/sessions/{session.pk}/{name}")
    assert answer.status_code == 302
    assert answer["Cache-Control"] == "private, no-store"
    return str(answer["Location"])


def test_case_24_an_owner_is_sent_to_the_bucket_for_a_minute(
    as_owner: Client, session: Session, settings: Settings
) -> None:
    settings.MEDIA_REDIRECTS = True
    address = signed(as_owner, session)
    assert httpx.URL(address).params["X-Amz-Expires"] == "60"
    answer = httpx.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.content == factories.picture()


def test_case_24_an_altered_address_is_refused(as_owner: Client, session: Session, settings: Settings) -> None:
    settings.MEDIA_REDIRECTS = True
    address = httpx.URL(signed(as_owner, session))
    later = address.copy_set_param("X-Amz-Expires", "6000")
    other_file = address.copy_with(path=address.path.replace("poster", "q0"))
    other_signature = address.copy_set_param("X-Amz-Signature", "0" * 64)
    unsigned = address.copy_with(query=None)
    assert [httpx.get(each).status_code for each in (later, other_file, other_signature, unsigned)] == [403] * 4


def test_case_24_an_expired_address_is_refused(session: Session) -> None:
    assert session.shown is not None
    now = auth.get_current_datetime(remove_tzinfo=False)
    with mock.patch.object(auth, "get_current_datetime", return_value=now - timedelta(seconds=61)):
        address = storage.private().signed_url(session.shown.key("poster.webp"), "image/webp")
    assert httpx.get(address).status_code == 403


def test_case_24_after_deletion_the_address_leads_nowhere(
    as_owner: Client,
    portrait: Portrait,
    session: Session,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.MEDIA_REDIRECTS = True
    address = signed(as_owner, session)
    with django_capture_on_commit_callbacks(execute=True):
        deletion.delete_portrait(portrait)
    assert httpx.get(address).status_code == 404
    assert as_owner.get(f"/sessions/{session.pk}/manifest.json").status_code == 404


def test_case_24_strangers_and_shared_links_are_never_sent_there(
    as_stranger: Client, owner: User, portrait: Portrait, session: Session, settings: Settings, client: Client
) -> None:
    settings.MEDIA_REDIRECTS = True
    assert session.shown is not None
    name = publisher.file_name(session.shown, "poster.webp")
    assert as_stranger.get(f"/sessions/{session.pk}/{name}").status_code == 404
    link, token = ShareLink.create_for(portrait)
    shared = f"/s/{token}/{name}"
    assert client.get(shared).status_code == 200
    assert link.revoke()
    assert client.get(shared).status_code == 404


def test_while_the_bucket_is_away_a_sheet_is_asked_for_again_in_a_moment(
    as_owner: Client, session: Session, settings: Settings, relay: Relay
) -> None:
    assert session.shown is not None
    name = publisher.file_name(session.shown, "poster.webp")
    in_bucket(settings, f"http://127.0.0.1:{relay.port}")
    as_owner.raise_request_exception = False  # as a server: the handler of errors answers
    relay.cut()
    try:
        answer = as_owner.get(f"/sessions/{session.pk}/{name}", headers={"Accept": "application/json"})
    finally:
        relay.mend()
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json()["code"] == "storage_unavailable"
