"""Events that Sentry is told, by a real client of its whose transport keeps what it would send."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from gazesite.observability import sentry
from portraits.log_context import bind
from tests.gazesite.fresh_process import SET_UP, in_fresh_process

DSN = "https://0123456789abcdef@sentry.example/1"
TOKEN = "Zk3-q_0aVb1cXdYe2fGh4i"


class Kept(Transport):
    """Sends nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        if event is not None:
            self.events.append(dict(event))


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    transport = Kept()
    with sentry_sdk.isolation_scope():
        sentry.start(
            DSN, environment="gaze.example", release="gazesite@0.1.0", transport=transport, default_integrations=False
        )
        yield transport.events
    sentry_sdk.get_client().close()
    sentry_sdk.init()


def fail(words: str) -> None:
    try:
        raise ValueError(words)
    except ValueError as error:
        sentry_sdk.capture_exception(error)


def test_an_error_is_told_with_release_environment_and_circumstances(sent: list[dict[str, Any]]) -> None:
    with bind(request="r1", session="s1", attempt=2):
        fail("broken")
    (event,) = sent
    assert (event["release"], event["environment"]) == ("gazesite@0.1.0", "gaze.example")
    assert event["exception"]["values"][0]["value"] == "broken"
    assert event["tags"] == {"request": "r1", "session": "s1", "attempt": "2"}


@pytest.mark.parametrize(
    "secret",
    [f"/s/{TOKEN}/", f"Bearer {TOKEN}", f"postgres://gaze:{TOKEN}@db/gaze", f"https://gaze.example/s/{TOKEN}/?a=1"],
)
def test_case_27_no_token_or_password_of_a_message_is_told(sent: list[dict[str, Any]], secret: str) -> None:
    sentry_sdk.add_breadcrumb(message=secret, data={"url": secret})
    fail(secret)
    told = json.dumps(sent)
    assert "[token]" in told
    assert TOKEN not in told


def test_what_variables_hold_is_not_told(sent: list[dict[str, Any]]) -> None:
    photo = f"pixels {TOKEN}"
    fail("broken")
    assert photo
    assert TOKEN not in json.dumps(sent)


def request_event() -> dict[str, Any]:
    return {
        "request": {
            "method": "POST",
            "url": f"https://gaze.example/s/{TOKEN}/report/",
            "query_string": f"token={TOKEN}",
            "cookies": {"session": TOKEN},
            "data": {"words": TOKEN},
            "env": {"REMOTE_ADDR": "203.0.113.9"},
            "headers": {
                "Host": "gaze.example",
                "User-Agent": "Browser/1",
                "Cookie": f"session={TOKEN}",
                "Authorization": TOKEN,
                "X-Csrftoken": TOKEN,
                "X-Forwarded-For": "203.0.113.9",
                "Referer": f"https://gaze.example/?q={TOKEN}",
            },
        },
        "user": {"id": 7, "email": "owner@gaze.example", "ip_address": "203.0.113.9"},
        "server_name": "a-machine",
    }


def test_of_a_request_method_address_and_plain_headers_are_told_and_nothing_else() -> None:
    event = sentry.strip(request_event())
    assert event["request"] == {
        "method": "POST",
        "url": "https://gaze.example/s/[token]/report/",
        "headers": {"Host": "gaze.example", "User-Agent": "Browser/1"},
    }


def test_of_a_person_the_number_is_told_and_nothing_else() -> None:
    event = sentry.strip(request_event())
    assert event["user"] == {"id": 7}
    told = json.dumps(event)
    assert [word for word in (TOKEN, "203.0.113.9", "owner@", "a-machine") if word in told] == []


def test_a_refused_request_is_told_to_nobody(sent: list[dict[str, Any]]) -> None:
    for logger in ("django.security.DisallowedHost", "portraits.uploads.lifecycle"):
        sentry_sdk.capture_event({"logger": logger, "message": "no"})
    assert [event["logger"] for event in sent] == ["portraits.uploads.lifecycle"]


def test_a_malformed_dsn_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="SENTRY_DSN is not the address"):
        sentry.start("nonsense", "e", "r")


def test_without_the_extra_the_start_stops_with_the_variable_s_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured, match="SENTRY_DSN is set, but sentry-sdk is not installed"):
        sentry.start(DSN, "e", "r")


@pytest.mark.parametrize(("dsn", "active"), [("", "False"), (DSN, "True")])
def test_the_environment_decides_whether_anything_is_told(tmp_path: Path, dsn: str, active: str) -> None:
    script = SET_UP + "import sentry_sdk; print(sentry_sdk.get_client().is_active())"
    done = in_fresh_process(script, tmp_path, SENTRY_DSN=dsn)
    assert done.stdout.split() == [active], done.stderr


def test_the_site_does_not_need_it(tmp_path: Path) -> None:
    done = in_fresh_process(SET_UP + "import sys; print('sentry_sdk' in sys.modules)", tmp_path)
    assert done.stdout.split() == ["False"], done.stderr
