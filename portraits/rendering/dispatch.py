"""What a person can set going or stop: start, cancel, retry. Transitions are the models'; the queue hears on commit."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from gpuworker.contract import STANDARD_FRAME, Size
from portraits.live import publisher
from portraits.models import Portrait, Render, Session
from portraits.queue import broker
from portraits.rendering import actors


def start(
    portrait: Portrait,
    intensity: float = 1.0,
    frame: Size = STANDARD_FRAME,
    *,
    remove_background: bool = False,
) -> Session:
    """A new run, queued on commit: the pass that makes the face alive, and beside it the refined one where
    there is a GPU source.
    """
    with transaction.atomic():
        session = Session.objects.create(
            portrait=portrait,
            intensity=intensity,
            frame_width=frame.width,
            frame_height=frame.height,
            remove_background=remove_background,
        )
        enqueue(Render.begin(session))
        if settings.GPU_SOURCE != "none":
            enqueue(Render.begin(session, settings.GPU_ENGINE, settings.GPU_SOURCE))
    return session


def cancel(session: Session) -> bool:
    """Whether there was anything to cancel."""
    won = [render for render in session.renders.all() if render.cancel()]
    if won:
        publisher.publish(session.pk)
    return bool(won)


def retry(session: Session) -> bool:
    """Whether there was anything to try again."""
    again = [render for render in session.renders.all() if render.retry()]
    for render in again:
        enqueue(render)
    if again:
        publisher.publish(session.pk)
    return bool(again)


def enqueue(render: Render) -> None:
    """A hint: should it be lost, or the queue be away, the sweeper gives it again."""
    actor = actors.run_refinement if render.refines else actors.run_render
    render_id = str(render.pk)
    transaction.on_commit(lambda: broker.send(actor, render_id))
