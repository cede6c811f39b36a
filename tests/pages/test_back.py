"""A page that a browser brings back as it was left."""

from __future__ import annotations

import pytest

from tests.pages.conftest import ORIGIN, Stand

PAGE = '<!doctype html><script type="module" src="/static/site/back.js"></script>'


@pytest.mark.parametrize(("persisted", "loads"), [(True, 2), (False, 1)])
def test_a_page_is_loaded_again_only_when_it_was_kept_as_it_was(stand: Stand, persisted: bool, loads: int) -> None:
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE, content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    show = "(persisted) => { dispatchEvent(new PageTransitionEvent('pageshow', { persisted })); }"
    if loads == 2:
        with stand.page.expect_navigation():
            stand.page.evaluate(show, persisted)
    else:
        stand.page.evaluate(show, persisted)
    assert stand.asked.count("GET /") == loads
