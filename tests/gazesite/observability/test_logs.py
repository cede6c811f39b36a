"""Lines for people and for machines: what they say, and what they keep to themselves."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gazesite.observability import logs
from portraits.log_context import bind
from tests.gazesite.fresh_process import SET_UP, in_fresh_process

TOKEN = "Zk3-q_0aVb1cXdYe2fGh4i"
Written = Callable[[], str]


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Iterator[Written]:
    """Text that the handler of logs.configuration writes for the logger "tested"; the parameter is the form."""
    settings = logs.configuration(request.param)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    parts = {name: getattr(logs, factory["()"].rsplit(".", 1)[1]) for name, factory in settings["formatters"].items()}
    handler.setFormatter(parts[settings["handlers"]["console"]["formatter"]]())
    for name in settings["handlers"]["console"]["filters"]:
        module, _, cls = settings["filters"][name]["()"].rpartition(".")
        handler.addFilter(getattr(sys.modules[module], cls)())
    logger = logging.getLogger("tested")
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    yield stream.getvalue
    logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


as_json = pytest.mark.parametrize("written", ["json"], indirect=True)
as_words = pytest.mark.parametrize("written", ["human"], indirect=True)
in_both = pytest.mark.parametrize("written", ["json", "human"], indirect=True)
log = logging.getLogger("tested.child")


@as_json
def test_a_line_is_one_json_object_with_time_level_logger_and_message(written: Written) -> None:
    log.warning("It took %d s\nand failed", 3)
    assert written().count("\n") == 1
    line = json.loads(written())
    assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
    assert line == {"level": "WARNING", "logger": "tested.child", "message": "It took 3 s\nand failed"}


@as_json
def test_a_line_says_which_request_session_and_attempt_it_is_about(written: Written) -> None:
    with bind(request="r1", session="s1", attempt=2):
        log.info("stored")
    line: dict[str, Any] = json.loads(written())
    assert (line["request"], line["session"], line["attempt"]) == ("r1", "s1", "2")


@as_words
def test_a_line_for_people_says_so_too(written: Written) -> None:
    with bind(session="s1", attempt=2):
        log.info("stored")
    assert written().endswith("INFO tested.child stored [session=s1 attempt=2]\n")


@as_words
def test_a_line_for_people_about_nothing_in_particular_has_no_brackets(written: Written) -> None:
    log.info("stored")
    assert written().endswith("INFO tested.child stored\n")


@as_json
def test_fields_are_written_beside_the_message(written: Written) -> None:
    log.info("GET / 200", extra={"fields": {"status": 200, "ms": 1.5}})
    line = json.loads(written())
    assert (line["status"], line["ms"]) == (200, 1.5)


@as_json
def test_a_traceback_is_part_of_the_line(written: Written) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("failed")
    assert written().count("\n") == 1
    assert "ValueError: broken" in json.loads(written())["traceback"]


@in_both
@pytest.mark.parametrize(
    "secret",
    [
        f"/s/{TOKEN}/",
        f"/sign-in/MQ/{TOKEN}/",
        f"/accounts/password/reset/key/{TOKEN}/",
        f"/accounts/confirm-email/{TOKEN}/",
        f"Authorization: Bearer {TOKEN}",
        "key rpa_Zk3q0aVb1cXdYe2fGh4i",
        f"postgres://gaze:{TOKEN}@db/gaze",
        f"redis://:{TOKEN}@redis:6379/0",
    ],
)
def test_case_27_no_token_key_or_password_is_written(written: Written, secret: str) -> None:
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("message %s", secret, extra={"fields": {"path": secret}})
    assert "[token]" in written()
    assert TOKEN not in written()
    assert "Zk3q0aVb1cXdYe2fGh4i" not in written()


def printed(tmp_path: Path, form: str) -> subprocess.CompletedProcess[str]:
    script = SET_UP + (
        "import logging; from portraits.log_context import bind\n"
        "with bind(request='r1'): logging.getLogger('portraits.tested').info('hello')"
    )
    return in_fresh_process(script, tmp_path, LOG_FORMAT=form)


def test_log_format_chooses_json_for_the_whole_site(tmp_path: Path) -> None:
    line = json.loads(printed(tmp_path, "json").stderr)
    assert (line["message"], line["request"]) == ("hello", "r1")


def test_an_unknown_log_format_stops_the_start_with_its_name(tmp_path: Path) -> None:
    done = printed(tmp_path, "xml")
    assert done.returncode != 0
    assert "LOG_FORMAT must be one of human, json" in done.stderr


FULL = """
import logging, logging.config
from gazesite.observability import logs
logging.config.dictConfig(logs.configuration("json"))
for _ in range(3):
    logging.getLogger("portraits").error("anything")
print("went on", flush=True)
"""


def test_case_63_a_log_on_a_full_disk_stops_nobody() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", FULL], stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert done.stdout == "went on\n"
