"""`manage.py sign_in_link somebody@example.com`."""

from __future__ import annotations

import io

from django.conf import settings
from django.core.management import call_command
from django.test import Client

from portraits.models import User


def link(email: str) -> str:
    said = io.StringIO()
    call_command("sign_in_link", email, stdout=said)
    return said.getvalue().strip().removeprefix(settings.SITE_URL)


def test_the_link_signs_its_person_in_once(owner: User) -> None:
    path = link("Owner@Example.com")
    first, second = Client(), Client()
    first.get(path)
    second.get(path)
    assert first.get("/account/").status_code == 200
    assert second.get("/account/").status_code == 302


def test_an_account_is_made_where_there_is_none(db: None) -> None:
    link("new@example.com")
    assert User.objects.get().email == "new@example.com"
