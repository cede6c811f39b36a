"""Decorator of views that guests may use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

View = TypeVar("View", bound=Callable[..., object])
MARK = "guests_allowed"
"""Attribute of such a view."""


def guests_allowed(view: View) -> View:
    """View whose `request.user` is the browser's guest where nobody is signed in; every other view knows no guests."""
    setattr(view, MARK, True)
    return view
