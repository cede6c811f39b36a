"""What Django finds out about a request is noted; nothing is looked up for that."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from gazesite.middleware import request_context
from gazesite.middleware.request_context import Facts, note_facts
from portraits.models import User


@pytest.fixture
def facts() -> Facts:
    facts = Facts("r1")
    request_context.current.set(facts)
    return facts


def answered(user: object = None) -> HttpResponse:
    """By a view that has looked `user` up."""

    def view(request: HttpRequest) -> HttpResponse:
        if user is not None:
            request._cached_user = user  # as AuthenticationMiddleware keeps it
        return HttpResponse("answer")

    response = note_facts(view)(HttpRequest())
    assert isinstance(response, HttpResponse)
    return response


def test_the_person_is_noted_once_somebody_has_looked(facts: Facts) -> None:
    assert answered(User(pk=7)).content == b"answer"
    assert facts.user == 7


def test_nobody_is_noted_for_a_stranger_or_where_nobody_has_looked(facts: Facts) -> None:
    answered(AnonymousUser())
    answered()
    assert facts.user is None


async def test_an_asynchronous_chain_is_noted_too(facts: Facts) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        request._cached_user = User(pk=8)
        return HttpResponse("answer")

    await note_facts(view)(HttpRequest())
    assert facts.user == 8


def test_without_a_journal_nothing_is_noted() -> None:
    request_context.current.set(None)
    assert answered(User(pk=7)).content == b"answer"
