"""Admin of users: bans by moderators, appointments by superusers only."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from portraits.models import AuditEntry, BrowserSession, User
from tests.portraits import factories
from tests.portraits.admin.test_actions import confirmed
from tests.portraits.factories import signed_in

LIST = "/admin/portraits/user/"


@pytest.fixture
def root(db: None) -> Client:
    return signed_in(factories.user("root", is_staff=True, is_superuser=True))


def test_the_list_shows_who_is_banned(as_moderator: Client, owner: User) -> None:
    confirmed(as_moderator, "ban", owner, where=LIST)
    text = as_moderator.get(LIST).content.decode()
    assert text.count('<td class="field-state">Banned</td>') == 1
    assert text.count('<td class="field-state">Active</td>') == 1


def test_an_operator_does_not_ban(as_operator: Client, owner: User) -> None:
    confirmed(as_operator, "ban", owner, where=LIST)
    assert User.objects.get(pk=owner.pk).is_active


def test_case_28_a_moderator_appoints_nobody_not_even_themselves(
    as_moderator: Client, moderator: User, owner: User
) -> None:
    for person in (moderator, owner):
        answer = as_moderator.post(f"{LIST}{person.pk}/change/", {"is_staff": "on", "is_superuser": "on"})
        assert answer.status_code == 403
    assert not User.objects.filter(is_superuser=True).exists()
    assert not User.objects.get(pk=owner.pk).is_staff


def test_a_superuser_appoints_and_it_is_written_down(root: Client, owner: User) -> None:
    group = Group.objects.get(name="moderator")
    root.post(f"{LIST}{owner.pk}/change/", {"is_staff": "on", "groups": [group.pk], "email": "other@example.com"})
    owner.refresh_from_db()
    assert (owner.is_staff, owner.is_superuser, list(owner.groups.all())) == (True, False, [group])
    assert owner.email == "owner@example.com"
    entry = AuditEntry.objects.get()
    assert (entry.actor_email, entry.action) == ("root@example.com", "appoint")
    assert entry.reason == "staff: True, superuser: False, groups: moderator"


def test_no_password_is_shown_or_set(root: Client, owner: User) -> None:
    text = root.get(f"{LIST}{owner.pk}/change/").content.decode()
    assert owner.password not in text
    assert root.get(f"{LIST}{owner.pk}/password/").status_code in (302, 404)


def test_the_list_shows_guests_as_such_and_nobody_makes_one_a_moderator(root: Client, as_moderator: Client) -> None:
    guest = factories.guest()
    assert '<td class="field-state">Guest until ' in as_moderator.get(f"{LIST}?guest_until__isempty=0").content.decode()
    answer = root.post(f"{LIST}{guest.pk}/change/", {"is_staff": "on", "is_superuser": "on"})
    assert answer.status_code == 403
    assert not User.objects.get(pk=guest.pk).is_staff


def test_a_banned_guest_sees_nothing_any_more(as_moderator: Client) -> None:
    guest = factories.guest()
    browser, portrait = factories.browser_of(guest), factories.portrait(guest)
    confirmed(as_moderator, "ban", guest, where=LIST)
    assert browser.get(portrait.get_absolute_url()).status_code == 302
    assert not BrowserSession.objects.filter(user=guest).exists()
    assert AuditEntry.objects.get(action="ban").target == f"user {guest.pk} ({guest.email})"
