"""Fixtures of users, rows and a private storage; rows and files are checked for agreement after every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dramatiq
import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from portraits import integrity
from portraits.models import Portrait, Session, User
from tests.portraits import factories
from tests.portraits.factories import signed_in


@pytest.fixture(autouse=True)
def storage_folder(settings: Settings, tmp_path: Path) -> Path:
    """A storage that the test has for itself."""
    folder = tmp_path / "files"
    options = {"BACKEND": "portraits.files.storage.PrivateFiles", "OPTIONS": {"location": folder}}
    settings.STORAGES = {**settings.STORAGES, "default": options, "private": options}
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.SCRATCH_DIR.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(settings.SCRATCH_DIR)
    settings.SHEETS = "on-request"  # most tests are about one pass; those about the order set it
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    dramatiq.get_broker().flush_all()  # of an earlier test's messages, which the sweeper would count
    return folder


@pytest.fixture(autouse=True)
def agreement(request: pytest.FixtureRequest, storage_folder: Path) -> Iterator[None]:
    """Case 71: after every test with a database, rows, files and hashes agree."""
    marker = request.node.get_closest_marker("django_db")
    transactional = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    with_database = bool(transactional or marker or "db" in request.fixturenames)
    if with_database:  # asked for first, so that it is still there at the end
        request.getfixturevalue("transactional_db" if transactional else "db")
    yield
    if with_database and not request.node.get_closest_marker("spoiled"):
        assert [str(difference) for difference in integrity.differences()] == []


@pytest.fixture
def owner(db: None) -> User:
    return factories.user("owner")


@pytest.fixture
def stranger(db: None) -> User:
    return factories.user("stranger")


@pytest.fixture
def moderator(db: None) -> User:
    person = factories.user("moderator", is_staff=True)
    person.groups.add(Group.objects.get(name="moderator"))
    return person


@pytest.fixture
def operator(db: None) -> User:
    person = factories.user("operator", is_staff=True)
    person.groups.add(Group.objects.get(name="operator"))
    return person


@pytest.fixture
def anonymous(db: None) -> Client:
    return Client()


@pytest.fixture
def guest(db: None) -> User:
    return factories.guest()


@pytest.fixture
def as_guest(guest: User) -> Client:
    return factories.browser_of(guest)


@pytest.fixture
def guests_portrait(guest: User) -> Portrait:
    return factories.portrait(guest)


@pytest.fixture
def as_owner(owner: User) -> Client:
    return signed_in(owner)


@pytest.fixture
def as_stranger(stranger: User) -> Client:
    return signed_in(stranger)


@pytest.fixture
def as_moderator(moderator: User) -> Client:
    return signed_in(moderator)


@pytest.fixture
def as_operator(operator: User) -> Client:
    return signed_in(operator)


@pytest.fixture
def portrait(owner: User) -> Portrait:
    """The owner's, ready, with sheets."""
    portrait = factories.portrait(owner)
    session = factories.session(portrait)
    factories.complete(factories.claimed(session))
    factories.make_sheets(session)
    return portrait


@pytest.fixture
def session(portrait: Portrait) -> Session:
    """Its run."""
    return portrait.sessions.get()


@pytest.fixture
def rendering(owner: User) -> Session:
    """A run of the owner's in mid-job: the preview is there."""
    output = factories.claimed(factories.session(factories.portrait(owner, "In the making")))
    factories.store_level(output, ["preview"])
    return output.render.session
