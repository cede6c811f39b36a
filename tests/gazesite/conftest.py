"""One small site for all tests of the server's parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gazesite.served_site import Site, serve


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(tmp_path_factory.mktemp("spool"))
