"""Guests are the request's user where a view allows them, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from gazesite.middleware.guest_user import GuestMiddleware
from portraits.accounts.session_store import SessionStore
from portraits.http.guests_allowed import guests_allowed
from portraits.models import User
from portraits.models.browser import GUEST_KEY
from tests.portraits import factories

pytestmark = pytest.mark.django_db


@guests_allowed
def open_to_guests(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def closed_to_guests(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def user_in(view: Callable[[HttpRequest], HttpResponse], guest: User, user: User | AnonymousUser) -> object:
    """User whom the view sees in the guest's browser."""
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session[GUEST_KEY] = guest.pk
    request.user = user
    middleware = GuestMiddleware(lambda _: HttpResponse())
    assert middleware.process_view(request, view, (), {}) is None
    return request.user


def test_a_view_that_allows_guests_sees_the_browsers_guest_and_no_other_does() -> None:
    guest = factories.guest()
    assert user_in(open_to_guests, guest, AnonymousUser()) == guest
    assert isinstance(user_in(closed_to_guests, guest, AnonymousUser()), AnonymousUser)


def test_a_signed_in_user_is_nobodys_guest() -> None:
    user = factories.user("ada")
    assert user_in(open_to_guests, factories.guest(), user) == user


def test_a_guest_whose_time_is_over_is_anonymous() -> None:
    guest = factories.guest()
    User.objects.update(guest_until=guest.date_joined)
    assert isinstance(user_in(open_to_guests, guest, AnonymousUser()), AnonymousUser)
