"""User who is signed in, in the type that views want."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from portraits.models import User


def signed_in_user(request: HttpRequest) -> User:
    """The signed-in user. LoginRequiredMiddleware has sent everybody else away; PermissionDenied says so to types."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
