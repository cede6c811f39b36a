"""Manifest and files of the home page's demo portrait, for everybody."""

from __future__ import annotations

import pytest
from django.test import Client

from portraits.rendering import demo
from tests.portraits import factories
from tests.portraits.rendering.test_demo import made, scripted  # noqa: F401  a fixture


def test_there_is_no_demo_before_one_is_made(anonymous: Client) -> None:
    assert anonymous.get("/demo/manifest.json").status_code == 404
    assert anonymous.get("/demo/poster.webp").status_code == 404


@pytest.mark.usefixtures("scripted")
def test_everybody_may_see_the_demo_and_all_that_it_lists(anonymous: Client) -> None:
    made()
    manifest = anonymous.get("/demo/manifest.json").json()
    assert manifest["complete"]
    for name in factories.listed(manifest):
        answer = anonymous.get(f"/demo/{name}")
        served = "application/octet-stream" if name.endswith(".bin") else "image/webp"
        assert (answer.status_code, answer["Content-Type"]) == (200, served)
    assert anonymous.get("/demo/poster.webp").status_code == 200


@pytest.mark.usefixtures("scripted")
def test_nothing_else_lies_there(anonymous: Client) -> None:
    made()
    pointer = demo.current()
    assert pointer is not None
    for name in ("current.json", f"{pointer['version']}.current.json", "..%2fcurrent.json"):
        assert anonymous.get(f"/demo/{name}").status_code == 404
    assert anonymous.post("/demo/manifest.json").status_code == 405
