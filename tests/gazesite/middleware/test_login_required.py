"""Everything needs a login, but what says that it does not."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from gazesite.middleware.login_required import PublicViewsLoginMiddleware


class Person:
    def __init__(self, signed_in: bool) -> None:
        self.is_authenticated = signed_in


class NeverAsked(HttpRequest):
    """A request whose visitor must not be looked up."""

    @property
    def user(self) -> None:
        raise AssertionError("somebody asked who this is")


def private(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@login_not_required
def public(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


wall = PublicViewsLoginMiddleware(private)


def test_a_view_that_says_nothing_needs_a_login() -> None:
    request = RequestFactory().get("/somewhere/")
    request.user = Person(signed_in=False)  # type: ignore[assignment]
    answer = wall.process_view(request, private, (), {})
    assert answer is not None
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/somewhere/")


def test_whoever_is_signed_in_may_pass() -> None:
    request = RequestFactory().get("/somewhere/")
    request.user = Person(signed_in=True)  # type: ignore[assignment]
    assert wall.process_view(request, private, (), {}) is None


def test_a_public_view_is_called_without_a_look_at_who_calls() -> None:
    assert wall.process_view(NeverAsked(), public, (), {}) is None


def test_the_site_is_behind_it() -> None:
    assert "gazesite.middleware.login_required.PublicViewsLoginMiddleware" in settings.MIDDLEWARE
