"""Where Django keeps a body before a view sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import RequestAborted

from gazesite.asgi import django


async def messages(*bodies: bytes, disconnects: bool = False) -> AsyncIterator[dict[str, Any]]:
    for body in bodies[:-1]:
        yield {"type": "http.request", "body": body, "more_body": True}
    if disconnects:
        yield {"type": "http.disconnect"}
    yield {"type": "http.request", "body": bodies[-1]}


async def test_a_large_body_lies_in_the_scratch_folder_and_a_small_one_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "FILE_UPLOAD_TEMP_DIR", str(tmp_path))
    for size, rolled in ((1_000, False), (100_000, True)):
        source = messages(bytes(size), b"end")
        with await django.read_body(lambda source=source: anext(source)) as body:  # type: ignore[misc]
            assert body.read() == bytes(size) + b"end"
            assert body._rolled is rolled  # type: ignore[attr-defined]
    monkeypatch.setattr(settings, "FILE_UPLOAD_TEMP_DIR", str(tmp_path / "missing"))
    source = messages(bytes(100_000), b"end")
    with pytest.raises(FileNotFoundError):
        await django.read_body(lambda: anext(source))


async def test_a_client_that_leaves_ends_the_request() -> None:
    source = messages(b"begin", b"end", disconnects=True)
    with pytest.raises(RequestAborted):
        await django.read_body(lambda: anext(source))
