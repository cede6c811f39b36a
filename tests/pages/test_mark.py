"""The eye in the header."""

from __future__ import annotations

import pytest

from tests.pages.conftest import ORIGIN, Stand

PAGE = """<!doctype html><body style="margin: 200px 0 0 200px"><svg class="mark" width="32" height="32">
<circle class="mark-iris" cx="16" cy="16" r="4"/></svg><script type="module" src="/static/site/mark.js"></script>"""
IRIS = "() => ['cx', 'cy'].map((side) => Number(document.querySelector('.mark-iris').getAttribute(side)))"


@pytest.mark.parametrize(("pointer", "iris"), [((790, 216), (21, 16)), ((216, 6), (16, 13.5)), ((216, 216), (16, 16))])
def test_the_iris_goes_where_the_pointer_is(stand: Stand, pointer: tuple[int, int], iris: tuple[float, float]) -> None:
    stand.answers["/"] = lambda route: route.fulfill(body=PAGE, content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    stand.page.mouse.move(*pointer)
    assert stand.page.evaluate(IRIS) == pytest.approx(iris, abs=0.01)
