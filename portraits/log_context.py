"""What a log line is about besides its words: the request, the session, the attempt.

Noted where it is known and read by whoever formats lines (gazesite/observability/logs.py), so that no message needs
to repeat it. Threads and tasks inherit what was noted when they were started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

NONE: Mapping[str, str] = MappingProxyType({})
_noted: ContextVar[Mapping[str, str]] = ContextVar("circumstances", default=NONE)


def current() -> Mapping[str, str]:
    """Identifier by name, such as {"session": …, "render": …, "attempt": "2"}."""
    return _noted.get()


@contextmanager
def noted(**identifiers: object) -> Iterator[None]:
    """Until the end of the block, beside what surrounds it."""
    before = _noted.set({**_noted.get(), **{name: str(value) for name, value in identifiers.items()}})
    try:
        yield
    finally:
        _noted.reset(before)
