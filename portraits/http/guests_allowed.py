"""Decorator of views that guests may use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

View = TypeVar("View", bound=Callable[..., object])
MARK = "guests_allowed"
"""Attribute of such a view."""


def guests_allowed(view: View) -> View:
    """View whose `request.user` is the browser's guest where no user is signed in, unlike that of other views."""
    setattr(view, MARK, True)
    return view
