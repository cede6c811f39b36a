"""ASGI middleware that refuses headers on which Django's parser raises ValueError, which would be a 500."""

from __future__ import annotations

import re

from gazesite.asgi_types import App, Receive, Scope, Send
from gazesite.middleware.error_response import ErrorResponse, send_error

BAD_TYPE = ErrorResponse(400, "bad_content_type", "Not understood", "This site does not read content of this type.")
MAX_TYPE_BYTES = 512
"""Longest Content-Type; Django's parser takes longer for each byte of a longer one."""

MEDIA_TYPE = re.compile(rb"[\w!#$%&'+./^`|~-]*", re.ASCII)
PARAMETER = re.compile(rb"""([\w!#$%&'+.^`|~-]+)=([\w!#$%&'()+,./:=?@^`{|}~-]+|"[ !#-)+-:<-\[\]-~]*")""", re.ASCII)
"""Name and value as browsers send them. Without the asterisk, which tells Django to decode the value (RFC 2231)."""


class HeaderCheck:
    """ASGI middleware: 400 for a Content-Type that Django cannot parse, with any method."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _has_valid_content_type(scope):
            await send_error(scope, send, BAD_TYPE)
        else:
            await self._app(scope, receive, send)


def _has_valid_content_type(scope: Scope) -> bool:
    types = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    return len(types) < 2 and all(is_valid_content_type(each) for each in types)


def is_valid_content_type(content_type: bytes) -> bool:
    """Whether this is a media type with plain parameters, and its charset UTF-8 if it names one."""
    kind, *parameters = (part.strip(b" \t") for part in content_type.split(b";"))
    return (
        len(content_type) <= MAX_TYPE_BYTES
        and MEDIA_TYPE.fullmatch(kind) is not None
        and all(_is_valid_parameter(each) for each in parameters if each)
    )


def _is_valid_parameter(parameter: bytes) -> bool:
    match = PARAMETER.fullmatch(parameter)
    if match is None:
        return False
    name, value = match.groups()
    return name.lower() != b"charset" or value.strip(b'"').lower() in (b"utf-8", b"utf8")
