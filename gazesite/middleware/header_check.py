"""Check of headers that Django's parser does not survive: it raises ValueError, which would be a 500."""

from __future__ import annotations

import re

from gazesite.middleware.body_limits import App, Receive, Refusal, Scope, Send, answer

BAD_TYPE = Refusal(400, "bad_content_type", "Not understood", "This site does not read content of this type.")
MOST_TYPE_BYTES = 512
"""Longest Content-Type; Django's parser takes longer for each byte of a longer one."""

MEDIA_TYPE = re.compile(rb"[\w!#$%&'+./^`|~-]*", re.ASCII)
PARAMETER = re.compile(rb"""([\w!#$%&'+.^`|~-]+)=([\w!#$%&'()+,./:=?@^`{|}~-]+|"[ !#-)+-:<-\[\]-~]*")""", re.ASCII)
"""Name and value as browsers send them. Without the asterisk, which tells Django to decode the value (RFC 2231)."""


class HeaderCheck:
    """ASGI middleware: 400 for a Content-Type that Django cannot read, whatever the method."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _has_readable_type(scope):
            await answer(scope, send, BAD_TYPE)
        else:
            await self._app(scope, receive, send)


def _has_readable_type(scope: Scope) -> bool:
    types = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    return len(types) < 2 and all(is_readable_type(each) for each in types)


def is_readable_type(content_type: bytes) -> bool:
    """Whether it is a media type with plain parameters, and its charset UTF-8 if it names one."""
    kind, *parameters = (part.strip(b" \t") for part in content_type.split(b";"))
    return (
        len(content_type) <= MOST_TYPE_BYTES
        and MEDIA_TYPE.fullmatch(kind) is not None
        and all(_is_readable_parameter(each) for each in parameters if each)
    )


def _is_readable_parameter(parameter: bytes) -> bool:
    match = PARAMETER.fullmatch(parameter)
    if match is None:
        return False
    name, value = match.groups()
    return name.lower() != b"charset" or value.strip(b'"').lower() in (b"utf-8", b"utf8")
