"""Home page."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from portraits.files import storage
from portraits.models import Portrait, User
from portraits.rendering import demo
from tests.portraits import factories


def test_everybody_may_come_in(anonymous: Client) -> None:
    answer = anonymous.get("/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Make your own" in page
    assert "/accounts/login/" in page
    assert 'id="upload-dialog"' in page
    assert "No account needed" in page


def test_the_demo_lives_there_once_there_is_one(anonymous: Client) -> None:
    assert "gaze-tracker id=" not in anonymous.get("/").content.decode()
    poster = factories.picture()
    storage.put(demo.key("1", "poster.webp"), poster)
    files = {"poster.webp": {"sha256": factories.sha256(poster), "size": len(poster)}}
    storage.put(demo.CURRENT, json.dumps({"version": "1", "files": files, "manifest": {}}).encode())
    assert '<gaze-tracker id="demo" src="/demo/manifest.json"' in anonymous.get("/").content.decode()


def test_a_person_sees_their_latest_and_nobody_elses(
    as_owner: Client, portrait: Portrait, stranger: User, anonymous: Client
) -> None:
    factories.session(factories.portrait(stranger, "Not yours"))
    page = as_owner.get("/").content.decode()
    assert "Eileen" in page
    assert "Not yours" not in page
    assert 'id="upload-dialog"' in page
    assert "No account needed" not in page
    assert "Eileen" not in anonymous.get("/").content.decode()


def test_at_most_twenty_in_few_queries(as_owner: Client, owner: User, django_assert_max_num_queries: Any) -> None:
    for number in range(25):
        factories.session(factories.portrait(owner, f"Number {number}"))
    with django_assert_max_num_queries(10):
        page = as_owner.get("/").content.decode()
    assert page.count('class="tile"') == 20
    assert "Number 24" in page
    assert "Number 4<" not in page


def test_nothing_is_inline(as_owner: Client, portrait: Portrait) -> None:
    page = as_owner.get("/").content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page


def test_forms_have_no_business_here(as_owner: Client) -> None:
    assert as_owner.post("/").status_code == 405
