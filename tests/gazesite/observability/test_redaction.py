"""Tokens of share links and what becomes of them in logs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from gazesite.observability.redaction import RedactionFilter, redact
from tests.gazesite.fresh_process import in_fresh_process

TOKEN = "Zk3-q_0aVb1cXdYe2fGh4i"

HANDLERS = """
import json, logging
import django
django.setup()
import daphne.server, django.core.servers.basehttp, channels.routing, dramatiq
loggers = [logging.root, *logging.root.manager.loggerDict.values()]
handlers = [handler for logger in loggers for handler in getattr(logger, "handlers", [])]
writing = [handler for handler in handlers if not isinstance(handler, logging.NullHandler)]
print(json.dumps([[type(each).__name__ for each in handler.filters] for handler in writing]))
"""


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Output of a handler with the filter; its logger is "tested"."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactionFilter())
    logger = logging.getLogger("tested")
    logger.addHandler(handler)
    logger.propagate = False
    yield stream
    logger.removeHandler(handler)
    logger.propagate = True


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"Not Found: /s/{TOKEN}/", "Not Found: /s/[token]/"),
        (f'"GET /s/{TOKEN}/manifest.json HTTP/1.1" 200', '"GET /s/[token]/manifest.json HTTP/1.1" 200'),
        (f"https://example.com/s/{TOKEN}", "https://example.com/s/[token]"),
        (f"https://example.com/s/{TOKEN}?a=1", "https://example.com/s/[token]?a=1"),
        (f"<WebRequest method=GET uri=/s/{TOKEN}/embed/ clientproto=HTTP/1.1>",
         "<WebRequest method=GET uri=/s/[token]/embed/ clientproto=HTTP/1.1>"),
        (f"/s/{TOKEN}/ then /s/other/report/", "/s/[token]/ then /s/[token]/report/"),
        ("/s/%5Aencoded%2Ftoken/", "/s/[token]/"),
        ("/sessions/1b4e28ba/manifest.json and /static/site/share.js", None),
        ("100 frames/s and more", None),
    ],
)  # fmt: skip
def test_case_27_a_token_is_taken_out_of_any_text(text: str, redacted: str | None) -> None:
    assert redact(text) == (redacted or text)


def test_case_27_a_token_in_an_argument_is_not_written(written: io.StringIO) -> None:
    logging.getLogger("tested.child").warning("%s: %s", "Gone", f"/s/{TOKEN}/")
    assert written.getvalue() == "Gone: /s/[token]/\n"


def test_case_27_a_token_in_a_traceback_is_not_written(written: io.StringIO) -> None:
    try:
        raise ValueError(f"cannot serve /s/{TOKEN}/embed/")
    except ValueError:
        logging.getLogger("tested").exception("failed", stack_info=True)
    assert TOKEN not in written.getvalue()
    assert "cannot serve /s/[token]/embed/" in written.getvalue()


def test_a_percent_sign_in_an_address_harms_no_line(written: io.StringIO) -> None:
    logging.getLogger("tested").warning("Not Found: %s", "/s/a%20b/100%")
    assert written.getvalue() == "Not Found: /s/[token]/100%\n"


def test_case_27_every_handler_of_the_site_takes_tokens_out(tmp_path: Path) -> None:
    found = in_fresh_process(HANDLERS, tmp_path)
    assert found.returncode == 0, found.stderr
    filters = json.loads(found.stdout)
    assert filters
    assert all("RedactionFilter" in names for names in filters)
