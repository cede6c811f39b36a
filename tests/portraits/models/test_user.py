"""Users: addresses, bans and turns."""

from __future__ import annotations

import pytest

from portraits.models import User
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


@pytest.mark.parametrize("refines", [False, True])
def test_a_turn_is_noted_for_its_own_kind_of_render(refines: bool) -> None:
    user = factories.user("ada")
    user.note_turn(refines=refines)
    user.refresh_from_db()
    assert (user.last_refinement_at is not None, user.last_first_pass_at is not None) == (refines, not refines)
