"""Actors take no arguments, because rows decide whose turn it is, and do nothing where no row waits."""

from __future__ import annotations

import inspect

import pytest

from portraits.models import Portrait, Render, Session, User
from portraits.queue import scheduling
from portraits.rendering import actors
from portraits.rendering import attempt as rendering
from tests.portraits import factories


@pytest.mark.parametrize("actor", [actors.run_first_pass, actors.run_sheets, actors.run_refinement])
def test_a_message_names_no_render(actor: object) -> None:
    assert not inspect.signature(actor.fn).parameters  # type: ignore[attr-defined]


def test_without_a_render_that_waits_there_is_nothing_to_do(db: None) -> None:
    actors.run_first_pass()
    actors.run_sheets()
    actors.run_refinement()


def test_a_finished_render_is_not_made_again(portrait: Portrait) -> None:
    fields = ("kind", "state", "attempt", "finished_at")
    before = list(Render.objects.values_list(*fields))
    actors.run_first_pass()
    actors.run_sheets()
    assert list(Render.objects.values_list(*fields)) == before


def test_a_message_runs_the_render_that_is_in_turn(owner: User, rendering_of_nobody: list[Session]) -> None:
    first, second = (factories.session(factories.portrait(owner)) for _ in range(2))
    actors.run_first_pass()
    assert rendering_of_nobody == [first]
    assert scheduling.position(second.first_render) == 1


@pytest.fixture
def rendering_of_nobody(monkeypatch: pytest.MonkeyPatch) -> list[Session]:
    """Sessions whose renders were claimed; no worker runs."""
    found: list[Session] = []

    def note(render: Render, output: object) -> bool:
        found.append(render.session)
        return False

    monkeypatch.setattr(rendering, "_run", note)
    return found
