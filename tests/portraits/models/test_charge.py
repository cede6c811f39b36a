"""Charges: each transition happens once."""

from __future__ import annotations

from portraits.models import Charge, Portrait, Session


def test_a_reserved_charge_is_charged_or_released_once(rendering: Session) -> None:
    charges = Charge.objects.filter(render__session=rendering)
    assert [charges.charge(), charges.charge(), charges.release(), charges.reserve()] == [1, 0, 0, 0]
    Charge.objects.update(state=Charge.State.RESERVED)


def test_a_released_charge_is_reserved_again_for_another_try(rendering: Session) -> None:
    charges = Charge.objects.filter(render__session=rendering)
    assert [charges.release(), charges.charge(), charges.reserve()] == [1, 0, 1]


def test_every_render_has_exactly_one(portrait: Portrait) -> None:
    session = portrait.sessions.get()
    assert [charge.render.session for charge in Charge.objects.all()] == [session] * session.renders.count()
