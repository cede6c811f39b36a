"""Error reports to Sentry, without secrets and personal data."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from gazesite.observability.redaction import redact
from portraits import log_context

HEADERS = ("Accept", "Content-Length", "Content-Type", "Host", "Sec-Fetch-Site", "User-Agent")
"""Request headers that an event may contain; cookies and tokens are not among them."""


def start(dsn: str, environment: str, release: str, **options: Any) -> None:
    """Start reporting errors of this process. options: more of Sentry's own. Raises ImproperlyConfigured."""
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ImportError as error:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed: install the extra `sentry`."
        ) from error
    try:
        sentry_sdk.init(
            dsn=dsn,
            environment=environment,
            release=release,
            max_request_body_size="never",
            include_local_variables=False,  # they hold photos and tokens
            max_breadcrumbs=30,
            before_send=strip,
            before_breadcrumb=_strip_breadcrumb,
            **options,
        )
    except BadDsn as error:
        raise ImproperlyConfigured("SENTRY_DSN is not the address of a Sentry project.") from error


def strip(event: Any, hint: Any = None) -> Any:
    """The event without cookies, bodies, queries, most headers, and people's data; tokens are taken out of the rest.

    The log context becomes tags. None, so that nothing is sent, for a refused request: clients cause any number.
    """
    if event.get("logger", "").startswith("django.security"):
        return None
    request = event.get("request")
    if request is not None:
        headers = {name: value for name, value in request.get("headers", {}).items() if name.title() in HEADERS}
        kept = {name: request[name] for name in ("method", "url") if name in request}
        event["request"] = {**kept, "headers": headers}
    if "user" in event:
        event["user"] = {"id": event["user"]["id"]} if "id" in event["user"] else {}
    event.pop("server_name", None)
    event["tags"] = {**event.get("tags", {}), **log_context.current()}
    return _redacted(event)


def _strip_breadcrumb(crumb: Any, hint: Any = None) -> Any:
    return _redacted(crumb)


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return redact(value.partition("?")[0]) if value.startswith(("http://", "https://")) else redact(value)
        case dict():
            return {key: _redacted(each) for key, each in value.items()}
        case list() | tuple():
            return [_redacted(each) for each in value]
    return value
