"""Fair scheduling: the rule by which a process with nothing to do chooses among the renders that wait.

A message in the queue says only that there is work. The rows say which render begins (models.render.in_turn), so that
neither a person with a hundred portraits nor a queue that was lost decides who waits.
"""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.utils import timezone

from portraits.models import Output, Render
from portraits.models.render import DAY, RenderQuerySet
from portraits.queue.broker import REFINEMENT, QueueName
from portraits.times import moment_in_words

CANDIDATES = 20
"""Most renders in turn that one process tries to claim: after losing so many races it waits for the next message."""


def queue_of(render: Render) -> QueueName:
    return cast(QueueName, render.kind)


def take(queue: QueueName) -> tuple[Render, Output] | None:
    """Claim the render that is in turn for one attempt; None when nothing can be started now."""
    for pk in in_turn(queue).values_list("pk", flat=True)[:CANDIDATES]:
        render = Render.objects.select_related("session__portrait", "session__shown").get(pk=pk)
        output = render.claim()
        if output is not None:
            return render, output
    return None


def in_turn(queue: QueueName) -> RenderQuerySet:
    """Renders that may begin now, in their order."""
    if queue == REFINEMENT and _gpu_is_used_up():
        return Render.objects.none()
    return Render.objects.of_kind(queue).startable().within_quotas().in_turn()


def position(render: Render) -> int | None:
    """Place in the queue, from 1, which is next; None when it does not wait, or not for others."""
    if render.state != Render.State.QUEUED:
        return None
    waiting = list(in_turn(queue_of(render)).filter(state=Render.State.QUEUED).values_list("pk", flat=True))
    return waiting.index(render.pk) + 1 if render.pk in waiting else None


def reason(render: Render) -> str:
    """Reason why it waits although none is before it: a sentence for the person, or nothing."""
    if render.state != Render.State.QUEUED:
        return ""
    if render.kind == Render.Kind.REFINEMENT:
        if _gpu_is_used_up():
            return "Today's GPU time is used up. The refined version begins by itself as soon as there is some again."
        return f"A refined version will follow. {render.error_sentence}" if render.error_sentence else ""
    most = settings.RENDERS_PER_PERSON
    if most and render.started_at is None and render.kind == Render.Kind.RIG:
        owner = render.session.portrait.owner_id
        had = Render.objects.of_kind(Render.Kind.RIG).of_today().filter(session__portrait__owner=owner)
        if had.count() >= most:
            return _next_day_sentence(most, had)
    return render.error_sentence


def _next_day_sentence(most: int, had: RenderQuerySet) -> str:
    newest_first = had.exclude(finished_at=None).order_by("-finished_at").values_list("finished_at", flat=True)
    ended = [moment for moment in newest_first[:most] if moment is not None]
    begins = (ended[-1] if len(ended) == most else timezone.now()) + DAY
    portraits = "portrait" if most == 1 else f"{most} portraits"
    return f"You have made the {portraits} that a day allows. This one begins by itself at {moment_in_words(begins)}."


def _gpu_is_used_up() -> bool:
    most = settings.GPU_RENDERS_PER_DAY
    return bool(most) and Render.objects.of_kind(Render.Kind.REFINEMENT).of_today().count() >= most
