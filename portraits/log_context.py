"""Log context: identifiers of the request, the session and the attempt that a log line is about.

They are bound where they are known and read by the formatter (gazesite/observability/logs.py), so that no message
needs to repeat them. Threads and tasks inherit the context in which they were started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

NONE: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=NONE)


def current() -> Mapping[str, str]:
    """Identifier by name, such as {"session": …, "render": …, "attempt": "2"}."""
    return _bound.get()


@contextmanager
def bind(**identifiers: object) -> Iterator[None]:
    """Bind identifiers until the end of the block, beside those of the blocks around it."""
    before = _bound.set({**_bound.get(), **{name: str(value) for name, value in identifiers.items()}})
    try:
        yield
    finally:
        _bound.reset(before)
