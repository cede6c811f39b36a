"""Log lines, for people or as JSON for machines, each with the circumstances under which it was said."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from portraits import log_context

FORMATS = ("human", "json")


class LogContextFilter(logging.Filter):
    """Filter on every handler: notes in each record what is known while it is made. Passes every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "circumstances"):
            record.circumstances = dict(log_context.current())
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (RFC 3339, UTC), level, logger, message, circumstances, fields, traceback.

    A record's `fields`, a dict given as `extra={"fields": …}`, are written beside them.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "circumstances", {}),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        traceback = "\n".join(filter(None, (record.exc_text, record.stack_info)))
        if traceback:
            line["traceback"] = traceback
        return json.dumps(line, ensure_ascii=False, default=str)


class HumanFormatter(logging.Formatter):
    """Time (UTC), level, logger, message, and the circumstances in brackets."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s%(about)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return _moment(record)

    def format(self, record: logging.LogRecord) -> str:
        about = getattr(record, "circumstances", {})
        record.about = f" [{' '.join(f'{name}={value}' for name, value in about.items())}]" if about else ""
        return super().format(record)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def configuration(form: str) -> dict[str, Any]:
    """Value of `settings.LOGGING`; form: one of FORMATS."""
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
            "circumstances": {"()": "gazesite.observability.logs.LogContextFilter"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["refusals", "tokens", "circumstances"],
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
