"""Actions of a person on a session: start, cancel, retry. Queue and pages hear on commit."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from gpuworker.contract import STANDARD_FRAME, Size
from portraits.live import publisher
from portraits.models import Portrait, Render, Session
from portraits.queue import broker, scheduling
from portraits.queue.broker import ELSEWHERE, HERE, QueueName
from portraits.rendering import actors


def start(
    portrait: Portrait,
    intensity: float = 1.0,
    frame: Size = STANDARD_FRAME,
    *,
    remove_background: bool = False,
) -> Session:
    """Create a session, queued on commit: the pass that makes the face alive, and where there is a GPU source,
    the refined one beside it.
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
        enqueue(HERE)
        if settings.GPU_SOURCE != "none":
            Render.begin(session, settings.GPU_ENGINE, settings.GPU_SOURCE)
            enqueue(ELSEWHERE)
    return session


def cancel(session: Session) -> bool:
    """Cancel what is not over. Whether there was anything to cancel."""
    won = [render for render in session.renders.all() if render.cancel()]
    if won:
        publisher.publish(session.pk)
    return bool(won)


def retry(session: Session) -> bool:
    """Queue again what failed or was cancelled. Whether there was anything to try again."""
    again = [render for render in session.renders.all() if render.retry()]
    for render in again:
        enqueue(scheduling.queue_of(render))
    if again:
        publisher.publish(session.pk)
    return bool(again)


def enqueue(queue: QueueName) -> None:
    """Send on commit a message that a render waits. It is a hint: if it is lost, the sweeper sends another."""
    actor = actors.run_render if queue == HERE else actors.run_refinement
    transaction.on_commit(lambda: broker.send(actor))
