"""Log context: identifiers that are bound within a block, a thread or a task."""

from __future__ import annotations

import threading
from contextvars import copy_context

from portraits import log_context
from portraits.log_context import bind


def test_what_is_noted_ends_with_its_block() -> None:
    with bind(session="s", attempt=2):
        assert log_context.current() == {"session": "s", "attempt": "2"}
    assert log_context.current() == {}


def test_an_inner_block_adds_to_what_surrounds_it_and_may_replace_it() -> None:
    with bind(request="r", attempt=1):
        with bind(attempt=2):
            assert log_context.current() == {"request": "r", "attempt": "2"}
        assert log_context.current() == {"request": "r", "attempt": "1"}


def test_an_error_ends_it_too() -> None:
    try:
        with bind(request="r"):
            raise KeyError
    except KeyError:
        assert log_context.current() == {}


def test_another_thread_knows_only_what_it_was_given() -> None:
    seen = []
    with bind(request="r"):
        context = copy_context()
        threads = [
            threading.Thread(target=lambda: seen.append(dict(log_context.current()))),
            threading.Thread(target=lambda: context.run(lambda: seen.append(dict(log_context.current())))),
        ]
        for thread in threads:
            thread.start()
            thread.join()
    assert seen == [{}, {"request": "r"}]
