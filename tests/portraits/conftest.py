"""The fixed cast as fixtures, and after each test a look whether rows and files still agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portraits.models import Portrait, Session, User
from tests.portraits import cast


@pytest.fixture(autouse=True)
def storage_folder(tmp_path: Path, settings: Any, request: pytest.FixtureRequest) -> Iterator[None]:
    """Private files of this test only; unless the test is `spoiled`, rows and files agree at its end."""
    place = {"BACKEND": "portraits.storage.PrivateFiles", "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "default": place, "private": place}
    request.getfixturevalue("db")
    from portraits import integrity

    yield
    if request.node.get_closest_marker("spoiled") is None:
        assert [str(difference) for difference in integrity.differences()] == []


@pytest.fixture
def owner(db: None) -> User:
    return cast.user("owner")


@pytest.fixture
def stranger(db: None) -> User:
    return cast.user("stranger")


@pytest.fixture
def portrait(owner: User) -> Portrait:
    """Ready, with everything that a whole run leaves."""
    row = cast.portrait(owner)
    cast.complete(cast.claimed(cast.session(row)))
    return row


@pytest.fixture
def rendering(owner: User) -> Session:
    """A run in the middle of its work."""
    run = cast.session(cast.portrait(owner, "Mona"))
    cast.store_level(cast.claimed(run), ["preview"])
    return run
