"""Django's ASGI application with bodies spooled into the scratch folder, not into /tmp, which may be memory."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Mapping
from typing import IO, Any

import django
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.files.uploadedfile import UploadedFile
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict


class SiteRequest(ASGIRequest):
    """Request whose multipart parts may have any header."""

    def parse_file_upload(self, *arguments: Any) -> tuple[QueryDict, MultiValueDict[str, UploadedFile[Any]]]:
        """Fields and files. Raises MultiPartParserError, also where Python's parser of a part's header fails.

        That parser sorts the numbers of `name*=a; name*0=b`, one of which is None.
        """
        try:
            return super().parse_file_upload(*arguments)
        except TypeError as error:
            raise MultiPartParserError(f"Invalid header of a part: {error}") from error


class DjangoHandler(ASGIHandler):
    """Django's handler with the site's own request class and body spooling."""

    request_class = SiteRequest

    async def read_body(self, receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> IO[bytes]:
        """Temporary file with the body, as Django makes it; in memory when small. Raises RequestAborted, OSError."""
        body = tempfile.SpooledTemporaryFile(  # noqa: SIM115  Django closes it after its answer
            max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, dir=settings.FILE_UPLOAD_TEMP_DIR
        )
        try:
            await _receive_into(body, receive)
        except BaseException:
            body.close()
            raise
        body.seek(0)
        return body


async def _receive_into(body: IO[bytes], receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestAborted
        body.write(message.get("body", b""))
        more = message.get("more_body", False)


def get_application() -> DjangoHandler:
    """The application, as django.core.asgi.get_asgi_application makes it."""
    django.setup(set_prefix=False)
    return DjangoHandler()
