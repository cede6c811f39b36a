"""Django upload handler that ignores file names."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.test import RequestFactory

from portraits.uploads.upload_handler import FixedNameUploadHandler
from tests.portraits import photos

LARGE = b"x" * (settings.FILE_UPLOAD_MAX_MEMORY_SIZE + 1)


def test_case_17_a_spooled_upload_lies_under_a_name_of_ours() -> None:
    name = "a." + "../\x00\r\n\u202e" + "e" * 4000
    request = RequestFactory().post("/", {"photo": photos.upload(LARGE, name)})
    request.upload_handlers = [MemoryFileUploadHandler(request), FixedNameUploadHandler(request)]
    spooled = request.FILES["photo"]
    assert spooled.name == "upload"
    assert Path(spooled.temporary_file_path()).suffix == ".upload"
    assert spooled.read() == LARGE
    spooled.close()


def test_it_is_the_handler_that_the_site_uses() -> None:
    assert f"{FixedNameUploadHandler.__module__}.{FixedNameUploadHandler.__qualname__}" in settings.FILE_UPLOAD_HANDLERS
