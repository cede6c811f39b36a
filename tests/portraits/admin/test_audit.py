"""Admin of the audit log: to be read."""

from __future__ import annotations

import pytest
from django.test import Client

from portraits import moderation
from portraits.models import AuditEntry, Portrait, User
from tests.portraits import factories
from tests.portraits.admin.test_actions import do
from tests.portraits.factories import signed_in

LIST = "/admin/portraits/auditentry/"


@pytest.fixture
def entry(moderator: User, portrait: Portrait) -> AuditEntry:
    moderation.hide(moderator, portrait, "because")
    return AuditEntry.objects.get()


@pytest.mark.parametrize("who", ["moderator", "operator"])
def test_both_groups_read_it(as_moderator: Client, as_operator: Client, entry: AuditEntry, who: str) -> None:
    client = {"moderator": as_moderator, "operator": as_operator}[who]
    text = client.get(LIST).content.decode()
    assert all(part in text for part in (entry.actor_email, "hide", entry.target, "because"))


def test_it_is_searched_by_what_it_was_done_to(as_moderator: Client, entry: AuditEntry, portrait: Portrait) -> None:
    assert "because" in as_moderator.get(LIST, {"q": str(portrait.pk)}).content.decode()
    assert "because" not in as_moderator.get(LIST, {"q": "another"}).content.decode()


def test_case_29_a_superuser_cannot_change_it(entry: AuditEntry) -> None:
    root = signed_in(factories.user("root", is_staff=True, is_superuser=True))
    page = f"{LIST}{entry.pk}/"
    assert root.post(f"{page}change/", {"reason": "another"}).status_code == 403
    assert root.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert root.post(f"{LIST}add/", {"reason": "another"}).status_code == 403
    do(root, "delete_selected", entry, where=LIST, post="yes")
    assert list(AuditEntry.objects.values_list("reason", flat=True)) == ["because"]
    assert "<input" not in root.get(f"{page}change/").content.decode().partition('id="content"')[2].replace(
        '<input type="hidden"', ""
    )
