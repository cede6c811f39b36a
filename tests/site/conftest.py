"""A running site, and the photo that is uploaded to it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

from tests.site.running import Person, RunningSite, SmallSite


@pytest.fixture(scope="session")
def photo() -> bytes:
    """The astronaut as a JPEG file."""
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "JPEG", quality=92)
    return file.getvalue()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """Not started yet; killed at the end whatever happened."""
    site = SmallSite(tmp_path / "data", "--no-demo")
    yield site
    if site.started:
        site.kill()


@pytest.fixture
def person(site: RunningSite) -> Iterator[Person]:
    """Signed in by the link that the started site printed."""
    site.start()
    person = Person(site)
    person.sign_in(site.sign_in_link())
    yield person
    person.http.close()
