"""Groups of staff and their permissions."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from portraits.accounts import groups
from portraits.models import User


@pytest.mark.parametrize("name", ["moderator", "operator"])
def test_every_power_in_the_table_is_a_permission(name: str, db: None) -> None:
    table = {f"{verb}_{model}" for model, verbs in groups.GROUPS[name].items() for verb in verbs}
    assert set(Group.objects.get(name=name).permissions.values_list("codename", flat=True)) == table


@pytest.mark.parametrize("name", ["moderator", "operator"])
def test_nobody_may_touch_the_log_or_browsers(name: str, db: None) -> None:
    held = Group.objects.get(name=name).permissions
    forbidden = held.filter(codename__regex=r"^(add|change|delete)_auditentry$|browsersession$")
    assert not forbidden.exists()


def test_a_moderator_bans_and_an_operator_does_not(moderator: User, operator: User) -> None:
    assert moderator.has_perms(["portraits.change_user", "portraits.change_portrait", "portraits.change_report"])
    assert not operator.has_perm("portraits.change_user")
    assert not operator.has_perm("portraits.delete_portrait")


def test_an_operator_sees_what_there_is(operator: User) -> None:
    seen = {name.removeprefix("portraits.view_") for name in operator.get_all_permissions() if ".view_" in name}
    assert seen >= {"portrait", "session", "render", "charge", "report", "user", "auditentry", "upload", "sharelink"}


def test_powers_that_somebody_added_by_hand_go_at_the_next_migration(moderator: User) -> None:
    Group.objects.get(name="moderator").permissions.add(Permission.objects.get(codename="delete_user"))
    groups.make_groups()
    assert not User.objects.get(pk=moderator.pk).has_perm("portraits.delete_user")


@pytest.mark.django_db(transaction=True)
def test_they_are_there_after_a_flush() -> None:
    call_command("flush", interactive=False, verbosity=0)
    assert Group.objects.get(name="moderator").permissions.exists()


@pytest.mark.django_db(transaction=True)
def test_migrating_twice_changes_nothing() -> None:
    before = set(Group.objects.values_list("name", "permissions__codename"))
    call_command("migrate", verbosity=0)
    assert set(Group.objects.values_list("name", "permissions__codename")) == before
