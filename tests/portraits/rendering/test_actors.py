"""Actors take ids and do nothing for those that are not there or not waiting."""

from __future__ import annotations

import uuid

from portraits.models import Portrait, Render
from portraits.rendering import actors


def test_an_unknown_render_is_nothing_to_do(db: None) -> None:
    actors.run_render(str(uuid.uuid4()))


def test_a_finished_render_is_not_made_again(portrait: Portrait) -> None:
    before = Render.objects.get()
    actors.run_render(str(before.pk))
    after = Render.objects.get()
    assert (after.state, after.attempt, after.finished_at) == (before.state, before.attempt, before.finished_at)
