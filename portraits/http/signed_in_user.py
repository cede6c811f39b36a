"""User of a request, typed as our own model: who is signed in, or the guest where guests are allowed."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from portraits.models import User


def signed_in_user(request: HttpRequest) -> User:
    """Signed-in user, or the guest where the view allows them (guests_allowed).

    Raises PermissionDenied for anonymous ones, which LoginRequiredMiddleware has redirected.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
