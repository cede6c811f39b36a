"""Users: addresses, bans and turns."""

from __future__ import annotations

import pytest

from portraits.models import Render, User
from portraits.models.render import TURN_FIELDS
from tests.portraits import factories

pytestmark = pytest.mark.django_db


def test_an_address_is_kept_in_lower_case() -> None:
    assert User.objects.create_user("Ada@Example.COM", factories.PASSWORD).email == "ada@example.com"


def test_a_superuser_may_enter_the_admin() -> None:
    user = User.objects.create_superuser("ada@example.com", factories.PASSWORD)
    assert (user.is_staff, user.is_superuser) == (True, True)


def test_a_ban_holds_once_until_it_is_lifted() -> None:
    user = factories.user("ada")
    assert (user.ban(), user.ban(), user.is_active) == (True, False, False)
    assert (user.unban(), user.unban(), user.is_active) == (True, False, True)


@pytest.mark.parametrize("kind", Render.Kind.values)
def test_a_turn_is_noted_for_its_own_kind_of_render(kind: str) -> None:
    user = factories.user("ada")
    user.note_turn(TURN_FIELDS[kind])
    user.refresh_from_db()
    assert [each for each, field in TURN_FIELDS.items() if getattr(user, field) is not None] == [kind]
