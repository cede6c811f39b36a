"""Bounds on what a list of the admin searches for."""

from __future__ import annotations

import pytest
from django.test import Client

from portraits.admin.search import MOST_CHARACTERS, MOST_WORDS
from portraits.models import User

USERS = "/admin/portraits/user/"


def test_as_many_words_as_are_allowed_are_searched(as_moderator: Client, moderator: User, owner: User) -> None:
    page = as_moderator.get(USERS, {"q": "owner " * MOST_WORDS}).content.decode()
    assert owner.email in page
    assert "1 user" in page


@pytest.mark.parametrize(
    ("search", "told"),
    [("a " * (MOST_WORDS + 1), "at most 20 words"), ("a" * (MOST_CHARACTERS + 1), "at most 200 characters")],
)
def test_a_longer_search_is_refused_in_a_sentence(as_moderator: Client, search: str, told: str) -> None:
    answer = as_moderator.get(USERS, {"q": search})
    assert answer.status_code == 200
    assert told in answer.content.decode()
