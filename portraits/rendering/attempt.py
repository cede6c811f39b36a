"""Attempt at a render: claims it, drives the worker, stores its files, publishes progress."""

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
from portraits import log_context, metrics
from portraits.files import storage
from portraits.live import publisher
from portraits.models import Output, Render
from portraits.queue import broker, scheduling
from portraits.queue.broker import SHEETS, QueueName
from portraits.rendering import lease, workers
from portraits.rendering.lease import Lease
from portraits.rendering.phases import PhaseLog
from portraits.sharing import link_preview

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.25
"""Seconds between two records of progress; files, manifests and changes of stage are published at once."""
PAUSES = {OutputFailed: 5.0, NoCapacity: 60.0, BudgetSpent: 900.0, Busy: 15.0}
"""Seconds from a passing error to the next try, unless the error itself knows better. Each time twice as long."""
LONGEST_PAUSE = 20.0
"""Longest wait, at which the doubling ends: a part that returns is noticed within half a minute."""
DATABASE_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0)
"""Seconds between tries to hand an attempt back to a database that does not answer; then its lease runs out."""
STORED_LATER = "Our storage cannot take the picture just now. The work goes on by itself as soon as it can."
DATABASE_LATER = "Our database does not answer just now. The work goes on by itself as soon as it does."
FILE_MISSING = "A file of this portrait is missing. Please try again, or upload the photo once more."


def run_next(queue: QueueName) -> bool:
    """Run the render that is in turn, if one is; none while this process ends.

    Whether it waits again, so that the queue needs another message.
    """
    try:
        taken = None if workers.closing() else scheduling.take(queue)
    except DatabaseError as error:
        log.warning("the database does not answer (%s): the sweeper sends another message", error)
        return False
    return taken is not None and _run(*taken)


def _run(render: Render, output: Output) -> bool:
    with log_context.bind(session=render.session_id, render=render.pk, attempt=output.attempt):
        again = _run_attempt(render, output)
    metrics.attempt_ended(render)
    return again


def _run_attempt(render: Render, output: Output) -> bool:
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
    return render.state == Render.State.QUEUED and render.not_before is None


def _attempt_or_give_back(render: Render, output: Output) -> None:
    """Run the attempt, and give it back after an error. Raises DatabaseError only."""
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
    """Put the render off, uncounted: a database that is away is not the render's fault."""
    for pause in DATABASE_PAUSES:
        close_old_connections()
        try:
            render.put_off(output.attempt, OutputFailed(DATABASE_LATER), pause)
            return
        except DatabaseError:
            log.warning("render %s attempt %d cannot be handed back yet", render.pk, output.attempt)
        if workers.wait_closing(pause):
            return


def _attempt(render: Render, output: Output, held: Lease) -> None:
    photo = storage.read(storage.photo_prefix(render.session.portrait_id) + storage.PHOTO)
    request = render.session.request(photo, render.engine, render.levels)
    recorder = _Recorder(render, output)
    worker = workers.of(render)
    try:
        with closing(worker.render(Job(str(render.pk), output.attempt, request), held.stop)) as steps:
            for step in steps:
                if not recorder.take(step):
                    log.info("render %s attempt %d was overtaken or cancelled", render.pk, output.attempt)
                    return
                if held.stop.is_set():
                    raise Cancelled
    except Cancelled:
        if held.handing_back or not held.stop.is_set():  # else the worker itself was closed
            _hand_back(render, output)
        else:
            log.info("render %s attempt %d was overtaken or cancelled", render.pk, output.attempt)
        return
    if render.finish(output):
        if render.kind == Render.Kind.RIG:
            broker.enqueue(SHEETS)  # which wait where settings.SHEETS says so
        log.info("render %s attempt %d is ready after %.1f s", render.pk, output.attempt, render.seconds or 0)


def _hand_back(render: Render, output: Output) -> None:
    """Hand the render back: what is there stays to be seen, the rest is for another process, or for later."""
    if render.hand_back(output.attempt):
        log.info("render %s attempt %d waits again: this process ends", render.pk, output.attempt)


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
    """Recorder of a worker's steps: files first, then the manifest that lists them, then the message to pages."""

    render: Render
    output: Output
    published_at: float = 0.0
    published_stage: str = ""
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
            if manifest and manifest.levels and not manifest.complete:  # a whole one is shown as the render ends
                self.render.session.show(self.output)
        self._note(step)
        now = time.monotonic()
        urgent = manifest is not None or step.phase is not None or step.progress.stage != self.published_stage
        if not urgent and now - self.published_at < PROGRESS_SECONDS:
            return True
        self.published_at, self.published_stage = now, step.progress.stage
        lines, self.lines = self.lines, []
        if not self.render.advance(self.output, step.progress, lines):
            return False
        publisher.publish(self.render.session_id)
        return self.previewed or not self._alive or self._add_link_preview()

    @property
    def _alive(self) -> bool:
        return self.output.manifest is not None and bool(self.output.manifest["levels"])

    def _add_link_preview(self) -> bool:
        """Store the link preview, for which a face that is alive has not waited. False when overtaken."""
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
        """Add log lines for the person: phases of a cold start with their times, stages, advice, levels."""
        self.lines.extend(self.phases.note(step.phase))
        if step.phase is None and step.progress.stage != self.published_stage:
            self.lines.append(publisher.STAGES[step.progress.stage])
        self.lines.extend(step.progress.advice)
        self.lines.extend(f"{file.name} is stored ({file.size / 1e6:.1f} MB)" for file in step.files)


def _described(files: tuple[RenderedFile, ...]) -> dict[str, dict[str, Any]]:
    return {file.name: {"sha256": file.sha256, "size": file.size} for file in files}
