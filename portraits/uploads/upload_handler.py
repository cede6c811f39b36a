"""Django upload handler that ignores the file's name."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import TemporaryFileUploadHandler


class FixedNameUploadHandler(TemporaryFileUploadHandler):
    """Writes uploads to temporary files. Django's own handler keeps the extension, and fails when it is too long."""

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, "upload", *args, **kwargs)
