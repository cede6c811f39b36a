"""Actions of a person on a session: start, sheets, stop, cancel, retry. Queue and pages hear on commit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction

from gpuworker.contract import STANDARD_FRAME, Size
from portraits.live import publisher
from portraits.models import Portrait, Render, Session
from portraits.queue import broker, scheduling
from portraits.queue.broker import REFINEMENT, RIG, SHEETS


def start(
    portrait: Portrait,
    intensity: float = 1.0,
    frame: Size = STANDARD_FRAME,
    *,
    remove_background: bool = False,
) -> Session:
    """Create a session, queued on commit: the pass that makes the face alive, and where there is a GPU source for
    its owner, the refined one beside it. Sheets follow the first pass, or wait until they are asked for
    (settings.SHEETS, and always for guests).
    """
    with transaction.atomic():
        session = Session.objects.create(
            portrait=portrait,
            intensity=intensity,
            frame_width=frame.width,
            frame_height=frame.height,
            remove_background=remove_background,
        )
        Render.begin(session)
        broker.enqueue(RIG)
        if settings.GPU_SOURCE != "none" and (settings.GUEST_GPU or not portrait.owner.is_guest):
            _refine(session)
    return session


def catch_up(portrait: Portrait, **signal: Any) -> None:
    """Queue what a guest's portrait did without, once it is kept; receiver of portraits.accounts.guests.portrait_kept.

    Nothing for a portrait that came to nothing, which its owner may try again.
    """
    session = portrait.current_session
    if session is None or session.first_render.can_retry:
        return
    if settings.GPU_SOURCE != "none" and session.refinement is None:
        _refine(session)
    if settings.SHEETS == "always":
        ask_for_sheets(session, again=False)


def _refine(session: Session) -> None:
    Render.begin(session, Render.Kind.REFINEMENT, settings.GPU_ENGINE, settings.GPU_SOURCE)
    broker.enqueue(REFINEMENT)


def ask_for_sheets(session: Session, *, again: bool = True) -> bool:
    """Have the sheets of a face that is whole made. Whether they are under way: a second call is the same job.

    again: also after they failed or were stopped.
    """
    if session.ask_for_sheets(again=again):
        broker.enqueue(SHEETS)
        publisher.publish(session.pk)
    return Render.objects.of_kind(Render.Kind.SHEETS).unfinished().filter(session=session).exists()


def stop(session: Session) -> bool:
    """Stop what its page shows as being made: the sheets of a face that is whole, which stays; before, all of it.

    Whether there was anything to stop.
    """
    return _cancel([session.sheets] if session.complete and session.sheets else session.renders.all())


def cancel(session: Session) -> bool:
    """Cancel all that is not over. Whether there was anything to cancel."""
    return _cancel(session.renders.all())


def _cancel(renders: Iterable[Render]) -> bool:
    won = [render for render in renders if render.cancel()]
    if won:
        publisher.publish(won[0].session_id)
    return bool(won)


def retry(session: Session) -> bool:
    """Queue again what failed or was cancelled. Whether there was anything to try again."""
    again = [render for render in session.renders.all() if render.retry()]
    for render in again:
        broker.enqueue(scheduling.queue_of(render))
    if again:
        publisher.publish(session.pk)
    return bool(again)
