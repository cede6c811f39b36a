"""Users: addresses, bans and turns."""

from __future__ import annotations

from datetime import timedelta

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


def test_a_guest_has_no_password_and_a_name_that_receives_no_mail() -> None:
    guests = [factories.guest() for _ in range(2)]
    assert all(guest.is_guest and not guest.has_usable_password() for guest in guests)
    assert all(guest.email.endswith("@guest.invalid") for guest in guests)
    assert guests[0].email != guests[1].email
    assert not factories.user("ada").is_guest


def test_a_guest_stays_as_long_as_the_last_of_what_is_theirs_and_others_for_good() -> None:
    guest, person = factories.guest(), factories.user("ada")
    assert guest.guest_until is not None
    later = guest.guest_until + timedelta(hours=1)
    for end in (later, later - timedelta(hours=5)):
        guest.stay_until(end)
        person.stay_until(end)
    assert [User.objects.get(pk=each.pk).guest_until for each in (guest, person)] == [later, None]


def test_guests_are_those_who_have_time_left_and_no_ban() -> None:
    here, over, banned = (factories.guest() for _ in range(3))
    factories.user("ada")
    User.objects.filter(pk=over.pk).update(guest_until=over.date_joined)
    banned.ban()
    assert list(User.objects.guests()) == [here]
    assert list(User.objects.ended_guests()) == [over]
