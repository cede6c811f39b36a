"""Signed-in user of a request, or a refusal."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from portraits.http.signed_in_user import signed_in_user
from portraits.models import User


def test_it_is_the_requests_own(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User(email="ada@example.com")
    assert signed_in_user(request) is request.user


def test_a_request_of_nobody_is_refused(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    with pytest.raises(PermissionDenied):
        signed_in_user(request)
