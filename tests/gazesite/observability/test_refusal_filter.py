"""Django's reason for refusing a request is part of the request's own line in the log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import SuspiciousOperation

from gazesite.observability import request_context
from gazesite.observability.refusal_filter import MAX_REASON_LENGTH, RefusalFilter
from gazesite.observability.request_context import RequestContext
from tests.gazesite.middleware.test_access_log import client
from tests.portraits import factories


@pytest.fixture
def context() -> Iterator[RequestContext]:
    """RequestContext of the request that is being answered."""
    context = RequestContext("one")
    before = request_context.current.set(context)
    yield context
    request_context.current.reset(before)


def record(status: int, text: str = "Not Found: /x", name: str = "django.request", error: object = None) -> object:
    info = (type(error), error, None) if error else None
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, text, None, info)  # type: ignore[arg-type]
    made.status_code = status
    return made


def passes(made: object) -> bool:
    return bool(RefusalFilter().filter(made))  # type: ignore[arg-type]


def test_a_refusal_is_folded_with_its_first_reason(context: RequestContext) -> None:
    assert not passes(record(400, error=SuspiciousOperation("Filtering by password not allowed")))
    assert not passes(record(400, "Bad Request: /admin/"))
    assert context.refusal == "Filtering by password not allowed"


def test_where_the_status_says_it_all_nothing_is_added(context: RequestContext) -> None:
    assert not passes(record(404))
    assert context.refusal == ""


def test_a_reason_is_one_line_and_no_novel(context: RequestContext) -> None:
    assert not passes(record(403, "Forbidden: a\nb\x1b[0m" + "c" * 999, "django.security.csrf"))
    assert context.refusal.startswith(r"Forbidden: a\nb\x1b[0mccc")
    assert len(context.refusal) == MAX_REASON_LENGTH


def test_a_request_to_come_back_is_folded_and_an_outage_is_not(context: RequestContext) -> None:
    assert not passes(record(503, "Service Unavailable: /s/token/q0.webp"))
    assert passes(record(503, "Service Unavailable: /", error=OSError("disk full")))


@pytest.mark.parametrize("made", [record(500), record(404, name="portraits.uploads.validation")])
def test_faults_of_ours_and_our_own_words_stay_lines(context: RequestContext, made: object) -> None:
    assert passes(made)
    assert context.refusal == ""


def test_without_a_request_nothing_is_lost() -> None:
    assert passes(record(404))


REFUSED = {
    "/nowhere/": (404, ""),
    "/admin/portraits/user/?password__startswith=a": (400, "Filtering by password__startswith not allowed"),
    "/admin/portraits/upload/": (403, ""),
    "/admin/portraits/user/1/change/?_to_field=password": (400, "The field password cannot be referenced."),
    "/account/sign-out/": (405, ""),
    "/sign-in/MQ/wrong/": (302, ""),
}


@pytest.mark.django_db(transaction=True)
async def test_a_refused_page_is_one_line_that_says_why(console: io.StringIO) -> None:
    cookie = await sync_to_async(moderator)()
    async with client() as http:
        for page, (status, why) in REFUSED.items():
            before = len(console.getvalue())
            answer = await http.get(page, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"})
            assert answer.status_code == status
            (line,) = console.getvalue()[before:].splitlines()
            assert f" {status} " in line
            assert f": {why} [" in line if why else " [request=" in line


@pytest.mark.django_db(transaction=True)
async def test_a_foreign_form_and_a_foreign_host_are_one_line_each(console: io.StringIO) -> None:
    async with client() as http:
        await http.post("/accounts/login/", data={"login": "a"})
        await http.get("/", headers={"Host": "elsewhere.example"})
    csrf, host = console.getvalue().splitlines()
    assert "POST /accounts/login/ 403" in csrf
    assert "CSRF cookie not set" in csrf
    assert "GET / 400" in host
    assert "Invalid HTTP_HOST header: 'elsewhere.example'" in host


def moderator() -> str:
    person = factories.user("moderator", is_staff=True)
    person.groups.add(Group.objects.get(name="moderator"))
    return str(factories.signed_in(person).cookies[settings.SESSION_COOKIE_NAME].value)
