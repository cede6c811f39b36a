"""Where Django puts an upload before a view sees it: a file of no name, whatever the browser called it."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import TemporaryFileUploadHandler


class NamelessFile(TemporaryFileUploadHandler):
    """Django's own gives the temporary file the upload's extension, and fails when that is too long for a name."""

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, "upload", *args, **kwargs)
