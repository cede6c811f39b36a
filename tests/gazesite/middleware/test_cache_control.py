"""Answers for one person are kept by no cache and no browser. tests/portraits/test_access.py asks every address."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from gazesite.middleware.cache_control import PRIVATE, forbid_storing
from portraits.accounts.session_store import SessionStore

SAID = [None, "public, max-age=60", "private, no-cache", "max-age=3600"]


def answered(said: str | None, *, asked_who: bool) -> str:
    def view(request: HttpRequest) -> HttpResponse:
        if asked_who:
            request.session.get("anything")
        return HttpResponse(headers={"Cache-Control": said} if said else {})

    async def view_at_ease(request: HttpRequest) -> HttpResponse:
        return view(request)

    request = RequestFactory().get("/")
    request.session = SessionStore()
    at_once: HttpResponse = forbid_storing(view)(request)
    at_ease: HttpResponse = async_to_sync(forbid_storing(view_at_ease))(request)
    assert at_once["Cache-Control"] == at_ease["Cache-Control"]
    return at_once["Cache-Control"]


@pytest.mark.parametrize("said", SAID)
def test_an_answer_to_somebody_in_particular_is_kept_by_nobody(said: str | None) -> None:
    assert answered(said, asked_who=True) == PRIVATE


@pytest.mark.parametrize("said", SAID)
def test_an_answer_that_is_the_same_for_everybody_is_kept_as_its_view_says(said: str | None) -> None:
    assert answered(said, asked_who=False) == (said or PRIVATE)


def test_an_answer_from_before_there_was_a_session_is_kept_by_nobody() -> None:
    assert forbid_storing(lambda request: HttpResponse())(RequestFactory().get("/"))["Cache-Control"] == PRIVATE
