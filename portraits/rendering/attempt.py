"""One attempt at one render: claim it, drive the worker, store what it makes, say how it goes."""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, close_old_connections

from gpuworker.contract import POSTER_NAME
from gpuworker.errors import BudgetSpent, Busy, Cancelled, NoCapacity, OutputFailed, RenderError
from gpuworker.workers.worker import Job, RenderedFile, Step
from portraits import metrics
from portraits.files import storage
from portraits.live import publisher
from portraits.log_context import noted
from portraits.models import Output, Render
from portraits.queue import scheduling
from portraits.queue.scheduling import Lane
from portraits.rendering import lease, workers
from portraits.rendering.lease import Reins
from portraits.rendering.phases import PhaseLog
from portraits.sharing import link_preview

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.25
"""Seconds between two records of progress; files, manifests and changes of stage are told at once."""
PAUSES = {OutputFailed: 5.0, NoCapacity: 60.0, BudgetSpent: 900.0, Busy: 15.0}
"""Seconds after which what may pass is tried again, unless the error itself knows better. Each time twice as long."""
LONGEST_PAUSE = 20.0
"""Longest wait, at which the doubling ends: a part that returns is noticed within half a minute."""
DATABASE_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0)
"""Seconds between tries to hand an attempt back to a database that does not answer; then its lease runs out."""
STORED_LATER = "Our storage cannot take the picture just now. The work goes on by itself as soon as it can."
DATABASE_LATER = "Our database does not answer just now. The work goes on by itself as soon as it does."
FILE_MISSING = "A file of this portrait is missing. Please try again, or upload the photo once more."


def run_next(lane: Lane) -> str | None:
    """Run the render that is in turn, if one is; none while this process ends.

    The render's id when it waits again and is to be given to the queue.
    """
    try:
        taken = None if workers.closing() else scheduling.take(lane)
    except DatabaseError as error:
        log.warning("the database does not answer (%s): the sweeper gives the work again", error)
        return None
    return _run(*taken) if taken else None


def run(render_id: str) -> str | None:
    """Run this render. The process that wins the claim does the work; the others find nothing to do."""
    render = Render.objects.select_related("session__portrait", "session__shown").filter(pk=render_id).first()
    output = render.claim() if render else None
    if render is None or output is None:
        log.info("render %s is not waiting", render_id)
        return None
    return _run(render, output)


def _run(render: Render, output: Output) -> str | None:
    with noted(session=render.session_id, render=render.pk, attempt=output.attempt):
        again = _run_attempt(render, output)
    metrics.attempt_ended(render)
    return again


def _run_attempt(render: Render, output: Output) -> str | None:
    log.info("render %s attempt %d of session %s begins", render.pk, output.attempt, render.session_id)
    try:
        publisher.publish(render.session_id)
        _attempt_or_give_back(render, output)
    except DatabaseError:
        log.exception("render %s attempt %d lost the database", render.pk, output.attempt)
        _put_off_once_database_answers(render, output)
    try:
        publisher.publish(render.session_id)
    except DatabaseError:
        log.warning("the pages of session %s are not told", render.session_id, exc_info=True)
    waits = render.state == Render.State.QUEUED and render.not_before is None
    return str(render.pk) if waits else None


def _attempt_or_give_back(render: Render, output: Output) -> None:
    """Raises DatabaseError only."""
    try:
        with lease.held(render, output) as held:
            _attempt(render, output, held)
    except RenderError as error:
        _give_back(render, output, error)
    except FileNotFoundError:
        log.exception("render %s attempt %d misses a file", render.pk, output.attempt)
        render.requeue(output.attempt, OutputFailed(FILE_MISSING))
    except OSError as error:
        log.exception("render %s attempt %d could not read or store files", render.pk, output.attempt)
        _give_back(render, output, OutputFailed(details={"reason": str(error)}))


def _put_off_once_database_answers(render: Render, output: Output) -> None:
    """That it was away is not the render's fault, so the attempt is not to count."""
    for pause in DATABASE_PAUSES:
        close_old_connections()
        try:
            render.put_off(output.attempt, OutputFailed(DATABASE_LATER), pause)
            return
        except DatabaseError:
            log.warning("render %s attempt %d cannot be handed back yet", render.pk, output.attempt)
        if workers.wait_closing(pause):
            return


def _attempt(render: Render, output: Output, held: Reins) -> None:
    photo = storage.read(storage.photo_prefix(render.session.portrait_id) + storage.PHOTO)
    request = render.session.request(photo, render.engine)
    recorder = _Recorder(render, output)
    unseen = not render.session.alive and not render.refines
    worker = workers.source(render.source)
    try:
        with closing(worker.render(Job(str(render.pk), output.attempt, request), held.stop)) as steps:
            for step in steps:
                if not recorder.take(step):
                    log.info("render %s attempt %d was overtaken or cancelled", render.pk, output.attempt)
                    return
                if unseen and render.session.alive:
                    unseen = False
                    if scheduling.give_way(render, output):
                        log.info("render %s attempt %d waits again: another's turn is next", render.pk, output.attempt)
                        return
                if held.stop.is_set():
                    raise Cancelled
    except Cancelled:
        if held.handing_back or not held.stop.is_set():  # else the worker itself was closed
            _hand_back(render, output, "this process ends")
        else:
            log.info("render %s attempt %d was overtaken or cancelled", render.pk, output.attempt)
        return
    if render.finish(output):
        log.info("render %s attempt %d is ready after %.1f s", render.pk, output.attempt, render.seconds or 0)


def _hand_back(render: Render, output: Output, why: str) -> None:
    """Frames that are there stay to be seen; the rest is for another process, or for later."""
    if render.hand_back(output.attempt):
        log.info("render %s attempt %d waits again: %s", render.pk, output.attempt, why)


def _give_back(render: Render, output: Output, error: RenderError) -> None:
    log.warning("render %s attempt %d: %s: %s %s", render.pk, output.attempt, error.code, error.sentence, error.details)
    if error.permanent:
        render.fail(output.attempt, error)
    elif type(error) in PAUSES:
        said = OutputFailed(STORED_LATER) if isinstance(error, OutputFailed) else error
        render.put_off(output.attempt, said, _pause(render, error))
    else:
        render.requeue(output.attempt, error)


def _pause(render: Render, error: RenderError) -> float:
    """Seconds until the next try."""
    first = PAUSES[type(error)]
    doubled = min(first * 2 ** min(render.times_put_off, 10), max(first, LONGEST_PAUSE))
    return float(error.details.get("retry_after", doubled))


@dataclass
class _Recorder:
    """Files first, then the manifest that lists them, then the page is told."""

    render: Render
    output: Output
    told_at: float = 0.0
    told_stage: str = ""
    previewed: bool = False
    lines: list[str] = field(default_factory=list)
    phases: PhaseLog = field(default_factory=PhaseLog)

    def take(self, step: Step) -> bool:
        """Record one step. False when the attempt has been overtaken."""
        for file in step.files:
            storage.put(self.output.key(file.name), file.path)
        manifest, advice = step.progress.manifest, step.progress.advice
        if step.files or manifest or advice:
            if not self.output.record(_described(step.files), manifest, advice):
                return False
            if manifest and manifest.levels:
                self.render.session.show(self.output)
        self._note(step)
        now = time.monotonic()
        urgent = manifest is not None or step.phase is not None or step.progress.stage != self.told_stage
        if not urgent and now - self.told_at < PROGRESS_SECONDS:
            return True
        self.told_at, self.told_stage = now, step.progress.stage
        lines, self.lines = self.lines, []
        if not self.render.advance(self.output, step.progress, lines):
            return False
        publisher.publish(self.render.session_id)
        return self.previewed or not self._alive or self._add_link_preview()

    @property
    def _alive(self) -> bool:
        return self.output.manifest is not None and bool(self.output.manifest["levels"])

    def _add_link_preview(self) -> bool:
        """Once the face has been told to be alive, which must not wait for it. False when overtaken."""
        self.previewed = True
        poster = storage.read(self.output.key(POSTER_NAME))
        try:
            preview = link_preview.compose(poster)
        except OSError as error:  # the share page then shows the poster itself
            log.warning("render %s has no link preview: %s", self.render.pk, error)
            return True
        storage.put(self.output.key(link_preview.NAME), preview)
        described = {"sha256": hashlib.sha256(preview).hexdigest(), "size": len(preview)}
        return self.output.record({link_preview.NAME: described}, None)

    def _note(self, step: Step) -> None:
        """Log lines for the person: each phase of a cold start with its time, each stage, what they should know
        of the photo, each level.
        """
        self.lines.extend(self.phases.note(step.phase))
        if step.phase is None and step.progress.stage != self.told_stage:
            self.lines.append(publisher.STAGES[step.progress.stage])
        self.lines.extend(step.progress.advice)
        self.lines.extend(f"{file.name} is stored ({file.size / 1e6:.1f} MB)" for file in step.files)


def _described(files: tuple[RenderedFile, ...]) -> dict[str, dict[str, Any]]:
    return {file.name: {"sha256": file.sha256, "size": file.size} for file in files}
