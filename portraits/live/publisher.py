"""Publisher of session snapshots to the channel layer: what a session's page shows, from the rows.

Nothing else sends to a channel group, and nothing is sent before the transaction around the call is committed: no page
hears of what may still be rolled back, and callers need no `on_commit` of their own.

Delivery is at most once and may be out of order, so every message is a whole snapshot with a sequence number: a page
drops older ones, and portraits/live/subscriptions.py finds lost ones.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from gpuworker.errors import AccessDenied, OtherProtocol, RentalRefused, SelfCheckFailed, WrongWeights
from portraits.models import Output, Render, Session
from portraits.queue import broker, scheduling

log = logging.getLogger(__name__)

SET_UP = {error.code for error in (AccessDenied, OtherProtocol, RentalRefused, SelfCheckFailed, WrongWeights)}
"""Codes of errors that only the site's operator can mend; the admin shows them their own sentence."""
NOT_SET_UP = "The GPU of this site is not set up as it should be."
STAGES = {
    "": "Waiting",
    "starting": "Starting",
    "analysing": "Measuring the face",
    "preview": "Waking it up",
    "rendering": "Drawing every direction",
    "done": "Ready",
}

DIGEST_LENGTH = 24
"""Hexadecimal digits of a file's SHA-256 in its address."""
GROUP = "sockets"
"""Channel group of the processes that serve sockets: one channel a process, however many sockets it has."""

_loop: asyncio.AbstractEventLoop | None = None


def use_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """Send from this loop, the server's in this process: the in-memory layer lives there and nowhere else."""
    global _loop
    _loop = loop


@dataclass(frozen=True)
class Snapshot:
    """Snapshot of a session as a page gets it."""

    sequence: int
    text: str
    """JSON of `snapshot`."""


def serialized(session: Session) -> Snapshot:
    return Snapshot(session.sequence, json.dumps(snapshot(session)))


def publish(session_id: UUID) -> None:
    """Send the session's snapshot to every page that watches it, on commit. The session may be gone by then.

    Raises DatabaseError, where there is no transaction at once.
    """
    transaction.on_commit(lambda: _publish(session_id))


def _publish(session_id: UUID) -> None:
    this = Session.objects.filter(pk=session_id)
    if not this.bump():
        return
    # Read after the number was taken: of two publishers, the one with the higher number has seen more.
    for session in this.with_all_that_shows():
        latest = serialized(session)
        _send({"session": str(session_id), "sequence": latest.sequence, "snapshot": latest.text})


def close_sockets_of(user_id: int) -> None:
    """Have the user's sockets checked again on commit: after a log-out, a ban or a deletion."""
    transaction.on_commit(lambda: _send({"user": user_id}))


def close_sockets_on(session_id: UUID) -> None:
    """Have the session's sockets checked again on commit: after its portrait was deleted."""
    transaction.on_commit(lambda: _send({"session": str(session_id)}))


def snapshot(session: Session) -> dict[str, Any]:
    """Snapshot of everything that a page shows of a session, for JSON."""
    return {
        "sequence": session.sequence,
        "session": str(session.pk),
        **_pass(session.first_render),
        "state": session.state,
        "alive": session.alive,
        "complete": session.complete,
        "manifest": reverse("session-manifest", args=[session.pk]) if session.alive else None,
        "poster": poster(session),
        "shown": f"{session.shown.tag.hex[:12]}-{session.shown.attempt}" if session.shown else None,
        "advice": session.advice,
        "has_sheets": session.has_sheets,
        "can_ask_for_sheets": session.can_ask_for_sheets and not session.first_render.can_cancel,
        "sheets": _sheets(session),
        "refining": _refining(session),
    }


def _pass(render: Render) -> dict[str, Any]:
    """Progress of one of its renders."""
    return {
        "state": render.state,
        "position": scheduling.position(render),
        "stage": render.stage,
        "label": _label(render),
        "message": scheduling.reason(render) or render.message,
        "current": render.current,
        "total": render.total,
        "attempt": render.attempt,
        "tiles": [{"name": name, "state": state} for name, state in render.tiles.items()],
        "log": render.log,
        "eta_seconds": _eta(render),
        "seconds": render.seconds,
        "error": _error(render),
        "can_cancel": render.can_cancel,
        "can_retry": render.can_retry,
    }


def _sheets(session: Session) -> dict[str, Any] | None:
    """Progress of the sheets; None before they are requested, and once refined ones have replaced them."""
    render = session.sheets
    if render is None or (session.has_sheets and render.state != Render.State.READY):
        return None
    return _pass(render)


def _error(render: Render) -> dict[str, str] | None:
    """Error for which the render failed; `message` says why one waits that has not."""
    if render.state != Render.State.FAILED:
        return None
    return {"code": render.error_code, "sentence": render.error_sentence}


def _refining(session: Session) -> dict[str, str] | None:
    """State of the second pass, which goes on while the first one's face follows already; None without one."""
    render = session.refinement
    if render is None:
        return None
    label, sentence = _words_on(render)
    return {"state": render.state, "label": label, "sentence": sentence}


def _words_on(render: Render) -> tuple[str, str]:
    match render.state:
        case Render.State.READY:
            return "Refined", "This is the refined version."
        case Render.State.FAILED:
            return "Not refined", f"A refined version could not be made, and this one stays. {_why_not(render)}"
        case Render.State.CANCELLED:
            return "Not refined", "The refined version was cancelled, and this one stays."
        case Render.State.QUEUED:
            waits = "A refined version will be made as soon as a GPU is free."
            return "To be refined", scheduling.reason(render) or waits
    if render.current and render.total:
        return "Refining", f"A refined version is being made: {render.current} of {render.total}."
    message = render.message or "Starting"
    return "Refining", f"A refined version is being made: {message[0].lower()}{message[1:]}."


def _why_not(render: Render) -> str:
    """Sentence on the failure; where the person can do nothing about it, it names no setting."""
    return NOT_SET_UP if render.error_code in SET_UP else render.error_sentence


def file_name(output: Output, name: str) -> str:
    """Name of a stored file in addresses: the same for the same content, so that a rig that comes again, beside its
    sheets, is not loaded twice. Raises KeyError for a file that the output does not have.
    """
    return f"{output.files[name]['sha256'][:DIGEST_LENGTH]}.{name}"


def poster(session: Session) -> str | None:
    """Address of the still picture, once there is one."""
    if session.shown is None:
        return None
    return reverse("session-file", args=[session.pk, file_name(session.shown, "poster.webp")])


def _label(render: Render) -> str:
    if render.state in (Render.State.FAILED, Render.State.CANCELLED, Render.State.QUEUED):
        return str(Render.State(render.state).label)
    return STAGES.get(render.stage, "Working")


def _eta(render: Render) -> float | None:
    """Seconds until it is complete, from the frames so far; None while that is a guess."""
    if render.state not in Render.ACTIVE or render.started_at is None or render.current < 36 or not render.total:
        return None
    elapsed = (timezone.now() - render.started_at).total_seconds()
    return round(elapsed * (render.total - render.current) / render.current + 1, 1)


def _send(message: dict[str, Any]) -> None:
    """Send without waiting and without errors: a lost message is made up for from the rows some seconds later."""
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("CHANNEL_LAYERS names no layer.")
    if _loop is None:
        async_to_sync(_deliver)(layer, message)
    elif _loop.is_running():
        asyncio.run_coroutine_threadsafe(_deliver(layer, message), _loop)


async def _deliver(layer: Any, message: dict[str, Any]) -> None:
    try:
        await layer.group_send(GROUP, message)
    except broker.away() as error:
        log.warning("pages are not told at once (%s)", error)
