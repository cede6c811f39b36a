"""The site's own templates and scripts in a real Chromium; what the server would say is the test's to choose."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Route

STATIC = Path(__file__).parents[2] / "static"
ORIGIN = "http://site.test"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".jpg": "image/jpeg"}

Answer = Callable[[Route], None]


def answer_json(data: Any, status: int = 200) -> Answer:
    return lambda route: route.fulfill(status=status, json=data)


@dataclass
class Stand:
    """One page, and the addresses that answer it. No request leaves the machine."""

    page: Page
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.route("**/*", self._answer)

    def open(self, template: str, context: dict[str, Any], *, script: str = "") -> None:
        """A page around one of the site's partial templates, with its style and one of its scripts."""
        style = "".join(
            f'<link rel="stylesheet" href="/static/site/{name}.css">' for name in ("tokens", "layout", "controls")
        )
        body = render_to_string(template, context)
        module = f'<script type="module" src="/static/site/{script}"></script>' if script else ""
        html = f'<!doctype html><meta charset="utf-8">{style}<body><main>{body}</main>{module}'
        self.answers["/"] = lambda route: route.fulfill(body=html, content_type="text/html")
        self.page.goto(ORIGIN + "/")

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN).split("?")[0]
        self.asked.append(f"{route.request.method} {path}")
        if path in self.answers:
            self.answers[path](route)
        elif path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix])
        else:
            route.fulfill(status=404)


@pytest.fixture
def stand(browser: Browser) -> Iterator[Stand]:
    context = browser.new_context(viewport={"width": 800, "height": 600})
    made = Stand(context.new_page())
    yield made
    context.close()
    assert made.errors == []


@pytest.fixture
def js(stand: Stand) -> Callable[..., Any]:
    """Calls a function with one of the site's modules and an argument: js("crop.js", "(m, n) => …", 5)."""
    stand.answers["/"] = lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
    stand.page.goto(ORIGIN + "/")

    def call(module: str, function: str, arg: Any = None) -> Any:
        body = f"async ([module, arg]) => ({function})(await import(`/static/site/${{module}}`), arg)"
        return stand.page.evaluate(body, [module, json.loads(json.dumps(arg))])

    return call
