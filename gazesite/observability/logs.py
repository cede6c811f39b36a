"""Logging configuration: lines for people or JSON for machines, each with its log context."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from portraits import log_context

FORMATS = ("human", "json")


class LogContextFilter(logging.Filter):
    """Log filter for every handler that adds the log context to each record. It passes every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "log_context"):
            record.log_context = dict(log_context.current())
        return True


class JsonFormatter(logging.Formatter):
    """Formatter of a JSON object per line: time (RFC 3339, UTC), level, logger, message, context, fields, traceback.

    A record's `fields`, a dict given as `extra={"fields": …}`, are written beside them.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "log_context", {}),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        traceback = "\n".join(filter(None, (record.exc_text, record.stack_info)))
        if traceback:
            line["traceback"] = traceback
        return json.dumps(line, ensure_ascii=False, default=str)


class HumanFormatter(logging.Formatter):
    """Formatter for people: time (UTC), level, logger, message, and the log context in brackets."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s%(about)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return _moment(record)

    def format(self, record: logging.LogRecord) -> str:
        about = getattr(record, "log_context", {})
        record.about = f" [{' '.join(f'{name}={value}' for name, value in about.items())}]" if about else ""
        return super().format(record)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def configuration(form: str) -> dict[str, Any]:
    """Value of `settings.LOGGING`. form: one of FORMATS."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "human": {"()": "gazesite.observability.logs.HumanFormatter"},
            "json": {"()": "gazesite.observability.logs.JsonFormatter"},
        },
        "filters": {
            "refusals": {"()": "gazesite.observability.refusal_filter.RefusalFilter"},
            "tokens": {"()": "gazesite.observability.redaction.RedactionFilter"},
            "log_context": {"()": "gazesite.observability.logs.LogContextFilter"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["refusals", "tokens", "log_context"],
            },
        },
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            # Django gives these handlers of its own, which would write addresses as they are.
            "django": {"level": "INFO", "handlers": []},
            "django.server": {"level": "INFO", "handlers": []},
            "gpuworker": {"level": "INFO"},
            "portraits": {"level": "INFO"},
            "gazesite": {"level": "INFO"},
        },
    }
