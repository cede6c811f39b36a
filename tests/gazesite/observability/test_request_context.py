"""Request context: filled with what Django looked up itself, without further look-ups."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from gazesite.observability import request_context
from gazesite.observability.request_context import RequestContext, fill_request_context
from portraits.models import User


@pytest.fixture
def context() -> RequestContext:
    context = RequestContext("r1")
    request_context.current.set(context)
    return context


def answered(user: object = None) -> HttpResponse:
    """Response of a view that has looked `user` up."""

    def view(request: HttpRequest) -> HttpResponse:
        if user is not None:
            request._cached_user = user  # as AuthenticationMiddleware keeps it
        return HttpResponse("answer")

    response = fill_request_context(view)(HttpRequest())
    assert isinstance(response, HttpResponse)
    return response


def test_the_user_is_noted_once_a_view_has_read_it(context: RequestContext) -> None:
    assert answered(User(pk=7)).content == b"answer"
    assert context.user == 7


def test_no_user_is_noted_for_a_stranger_or_where_no_view_has_read_it(context: RequestContext) -> None:
    answered(AnonymousUser())
    answered()
    assert context.user is None


async def test_an_asynchronous_chain_is_noted_too(context: RequestContext) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        request._cached_user = User(pk=8)
        return HttpResponse("answer")

    await fill_request_context(view)(HttpRequest())
    assert context.user == 8


def test_without_a_journal_nothing_is_noted() -> None:
    request_context.current.set(None)
    assert answered(User(pk=7)).content == b"answer"
