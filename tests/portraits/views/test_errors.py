"""Error pages: a sentence and a way home, for what is missing, forbidden or broken."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse


def test_an_unknown_address_leads_home(anonymous: Client, as_owner: Client) -> None:
    for client in (anonymous, as_owner):
        answer = client.get("/nothing/here")
        assert answer.status_code == 404
        assert "There is nothing here" in answer.content.decode()
        assert 'href="/">Back to the beginning' in answer.content.decode()


def test_a_form_without_its_token_is_refused_in_the_sites_words(owner: object) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(reverse("account_login"), {"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "Please try that again" in answer.content.decode()


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500", "503"])
def test_each_can_be_shown_without_anything_that_might_be_broken(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert "Back to the beginning" in page
    assert " style=" not in page
