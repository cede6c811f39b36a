"""Prometheus metrics of the app. Each event is counted in the process in which it happens."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from portraits.models import Render

log = logging.getLogger(__name__)
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each one, which is never read

UPLOADS = Counter("gaze_uploads", "Photos that came in, by what became of them: accepted, or a code.", ["outcome"])
OUTAGES = Counter("gaze_outages", "Requests that were answered with 503, by what was out of order.", ["code"])
ATTEMPTS = Counter(
    "gaze_render_attempts",
    "Attempts at renders that this process has ended, by the state in which they left the render.",
    ["kind", "engine", "source", "state", "code"],
)
RENDER_SECONDS = Histogram(
    "gaze_render_seconds",
    "From the begin of the attempt to its whole output.",
    ["kind", "engine", "source"],
    buckets=(0.25, 0.5, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60, 90, 120, 240),
)


def upload_accepted() -> None:
    UPLOADS.labels("accepted").inc()


def upload_refused(code: str) -> None:
    """Count a refused photo. code: of UploadRefused."""
    UPLOADS.labels(code).inc()


def outage_answered(code: str) -> None:
    """Count a request answered with 503. code: of portraits.http.outages.Outage."""
    OUTAGES.labels(code).inc()


def attempt_ended(render: Render) -> None:
    """Count an attempt, however it ended; one that was overtaken or cancelled is as this process knew it last."""
    ATTEMPTS.labels(render.kind, render.engine, render.source, render.state, render.error_code).inc()
    if render.state == Render.State.READY and render.seconds is not None:
        RENDER_SECONDS.labels(render.kind, render.engine, render.source).observe(render.seconds)


class RowCollector(Collector):
    """Collector of metrics from the rows at each request: renders that are not over, and the longest waits.

    `gaze_rows_readable` is 0, and the others are absent, while the database does not answer.
    """

    def collect(self) -> Iterator[Metric]:
        try:
            counted = Render.objects.unfinished().values_list("kind", "engine", "state").order_by()
            renders = list(counted.annotate(number=Count("pk")))
            queued = Render.objects.waiting().values_list("kind").order_by()
            first = dict(queued.annotate(first=Min("queued_at")))
        except DatabaseError:
            log.warning("The database does not answer: there are no metrics of its rows.", exc_info=True)
            yield _readable(False)
            return
        yield from (_readable(True), _renders(renders), _wait(first))


def _readable(answers: bool) -> Metric:
    return GaugeMetricFamily("gaze_rows_readable", "Whether the database answers.", value=float(answers))


def _renders(rows: Sequence[tuple[str, str, str, int]]) -> Metric:
    """Gauge of renders by kind, engine and state; `queued` is the queue."""
    family = GaugeMetricFamily("gaze_renders", "Renders that are not over.", labels=["kind", "engine", "state"])
    for *labels, number in rows:
        family.add_metric(labels, number)
    return family


def _wait(first: Mapping[str, datetime]) -> Metric:
    """Gauge of the longest wait in each queue, seconds. first: time since which one waits, by kind."""
    sentence = "How long the first one in the queue waits."
    family = GaugeMetricFamily("gaze_queue_wait_seconds", sentence, labels=["kind"])
    now = timezone.now()
    for kind in Render.Kind.values:
        family.add_metric([kind], (now - first[kind]).total_seconds() if kind in first else 0.0)
    return family


ROWS = CollectorRegistry()
"""Registry apart from the default one, which can be read without a database."""
ROWS.register(RowCollector())
