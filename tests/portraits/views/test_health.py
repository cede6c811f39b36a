"""Alive, and able to work."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from django.test import Client

from portraits.models import Render


def test_it_lives_and_is_ready(anonymous: Client) -> None:
    for name in ("livez", "readyz"):
        answer = anonymous.get(f"/{name}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain")


def test_without_a_database_it_lives_but_is_not_ready(anonymous: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> bool:
        raise DatabaseError("away")

    monkeypatch.setattr(Render.objects, "exists", away)
    assert anonymous.get("/livez").status_code == 200
    assert anonymous.get("/readyz").status_code == 503


def test_nothing_is_changed_there(anonymous: Client) -> None:
    assert anonymous.post("/livez").status_code == 405
