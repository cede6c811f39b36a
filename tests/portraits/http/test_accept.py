"""Content negotiation by the Accept header; hostile values raise nothing."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from portraits.http.accept import wants_json


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("application/json", True),
        ("Application/JSON, */*;q=0.5", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("*/*", False),
        ("", False),
        ("text/html; a*=bogus''x", False),
        ("text/html; a*=bogus''x, application/json", True),
        (";;;,,,", False),
    ],
)
def test_json_is_for_clients_that_name_it(accept: str, json: bool) -> None:
    assert wants_json(RequestFactory().get("/", headers={"Accept": accept})) is json


def test_without_the_header_it_is_a_page() -> None:
    assert not wants_json(RequestFactory().get("/"))
