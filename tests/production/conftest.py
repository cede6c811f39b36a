"""The real parts, started once, and a whole site on them: pages, job processes, and whatever else a test adds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.production import parts
from tests.production.parts import Part


@pytest.fixture(scope="session")
def redis_part() -> Iterator[tuple[Part, str]]:
    with parts.redis_server() as found:
        yield found


@pytest.fixture(scope="session")
def postgres_part() -> Iterator[tuple[Part, str]]:
    with parts.postgres_server() as found:
        yield found


@pytest.fixture(scope="session")
def s3_part() -> Iterator[tuple[Part, dict[str, str]]]:
    with parts.s3_server() as found:
        yield found
