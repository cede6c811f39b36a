"""Admin of the rows that operators look up."""

from __future__ import annotations

import pytest
from django.test import Client

from portraits.models import PendingDeletion, Portrait, ShareLink, User
from tests.portraits import factories


@pytest.fixture
def filled(owner: User, portrait: Portrait) -> ShareLink:
    """A row of each kind."""
    factories.upload(owner)
    PendingDeletion.create_for("demo/nothing/")
    return ShareLink.create_for(portrait)[0]


@pytest.mark.parametrize("model", ["render", "charge", "sharelink", "upload", "pendingdeletion"])
def test_an_operator_sees_list_and_row(as_operator: Client, filled: ShareLink, model: str) -> None:
    text = as_operator.get(f"/admin/portraits/{model}/").content.decode()
    row = text.partition(f'<a href="/admin/portraits/{model}/')[2].partition('"')[0]
    assert as_operator.get(f"/admin/portraits/{model}/{row}").status_code == 200


def test_the_secrets_and_the_name_of_a_link_stay_where_they_are(as_operator: Client, filled: ShareLink) -> None:
    link, token = ShareLink.create_for(filled.portrait, name="for the aunt", password="open sesame")
    for path in ("", f"{link.pk}/change/"):
        text = as_operator.get(f"/admin/portraits/sharelink/{path}").content.decode()
        assert str(link.pk) in text
        assert not [kept for kept in (link.token_hash, link.password, link.name, token) if kept in text]
