"""Render: one pass of one engine over a session; Output: the files that one of its attempts put into storage.

The row is the truth; queues and sockets are hints. Every transition is a conditional UPDATE that
also names the attempt: a process that was overtaken changes nothing any more.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Count, DateTimeField, ExpressionWrapper, F, Min, Q, When, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, Now, RowNumber
from django.utils import timezone

from gpuworker.contract import DEFAULT_LEVELS, RIG, Manifest, Progress
from gpuworker.errors import RenderError
from portraits.models.charge import Charge
from portraits.models.pending_deletion import PendingDeletion

if TYPE_CHECKING:
    from portraits.models.session import Session

LEASE = timedelta(seconds=12)
"""Longest silence of a process before another takes its render over; it renews its lease every few seconds."""
MOST_PUT_OFF, MOST_PUT_OFF_LATER = 4000, 1500
"""Most times that a first pass and one after it are put off for a passing fault before they fail: about a day."""
DAY = timedelta(hours=24)
MAX_ATTEMPTS = 3
HEAD_START = timedelta(minutes=1)
"""Time after a person's turn in which those who come, new accounts too, go before; then they queue behind."""
LOG_LINES = 200
TURN_FIELDS = {"rig": "last_first_pass_at", "sheets": "last_sheets_at", "refinement": "last_refinement_at"}
"""Field of User with the time of the last turn, by Render.Kind."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def from_now(wait: timedelta) -> Combinable:
    """Moment by the database's clock: those of two machines may differ by more than a lease."""
    return ExpressionWrapper(Now() + wait, output_field=DateTimeField())


class RenderQuerySet(models.QuerySet["Render"]):
    def active(self) -> RenderQuerySet:
        """Renders on which a process works, or did until it died."""
        return self.filter(state__in=Render.ACTIVE)

    def unfinished(self) -> RenderQuerySet:
        return self.filter(state__in=[Render.State.QUEUED, *Render.ACTIVE])

    def expired(self) -> RenderQuerySet:
        """Renders whose process has been silent for too long."""
        return self.active().filter(_lease_is_over())

    def waiting(self) -> RenderQuerySet:
        """Queued renders, in the order in which they came."""
        return self.filter(state=Render.State.QUEUED).order_by("queued_at", "pk")

    def of_kind(self, kind: str) -> RenderQuerySet:
        return self.filter(kind=kind)

    def startable(self) -> RenderQuerySet:
        """Renders that a process with nothing to do could take up now, quotas aside."""
        due = Q(state=Render.State.QUEUED) & (Q(not_before=None) | Q(not_before__lte=Now()))
        fallen_silent = Q(state__in=Render.ACTIVE, attempt__lt=F("attempts_allowed")) & _lease_is_over()
        return self.filter(due | fallen_silent)

    def in_turn(self) -> RenderQuerySet:
        """Round-robin by person, the earliest `turn` first; work that a dead process left comes before.

        Meant for renders of one kind, each of which is a turn, so that uploading more gives no more turns. It falls
        due HEAD_START after the person's last one of that kind, and not before they wait: however many accounts come
        later, old ones or new, they delay that person no further.
        """
        owner = "session__portrait__owner"
        last_turn = Case(*(When(kind=kind, then=F(f"{owner}__{field}")) for kind, field in TURN_FIELDS.items()))
        rested = ExpressionWrapper(last_turn + HEAD_START, output_field=DateTimeField())
        return self.annotate(
            dropped=Case(When(state__in=Render.ACTIVE, then=0), default=1),
            nth_of_person=Window(
                RowNumber(),
                partition_by=[F(owner)],
                order_by=["dropped", "queued_at", "pk"],
            ),
            waits_since=Window(Min("queued_at"), partition_by=[F(owner)]),
            turn=Greatest(Coalesce(rested, F("waits_since")), F("waits_since")),
        ).order_by("dropped", "nth_of_person", "turn", "queued_at", "pk")

    def of_today(self) -> RenderQuerySet:
        """Renders that count against a quota: ready in the last 24 hours, or begun."""
        ready = Q(state=Render.State.READY, finished_at__gt=timezone.now() - DAY)
        begun = ~Q(state__in=Render.OVER) & Q(started_at__isnull=False)
        return self.filter(ready | begun)

    def within_quotas(self) -> RenderQuerySet:
        """Renders without the first passes whose owner has used up a day's quota, which counts portraits."""
        if not settings.RENDERS_PER_PERSON:
            return self
        owners = (
            Render.objects.of_kind(Render.Kind.RIG)
            .of_today()
            .values("session__portrait__owner")
            .annotate(had=Count("pk"))
            .filter(had__gte=settings.RENDERS_PER_PERSON)
            .values("session__portrait__owner")
        )
        # A render that has begun may end.
        return self.exclude(session__portrait__owner__in=owners, kind=Render.Kind.RIG, started_at=None)

    def void_leases(self) -> int:
        """End the leases at boot, when this machine's earlier processes are gone. How many there were."""
        return self.active().filter(source=Render.Source.CHILD).update(lease_until=LONG_AGO)


def _lease_is_over() -> Q:
    """Condition for a lease that is over, also by lasting longer than any can: then the clock was put back."""
    return Q(lease_until__lt=Now()) | Q(lease_until__gt=from_now(2 * LEASE))


class Render(models.Model):
    """One pass of one engine over a session."""

    class Kind(models.TextChoices):
        """The output that a render makes; each replaces that of the kinds before it, once it is whole."""

        RIG = "rig", "First pass"
        SHEETS = "sheets", "Sheets"
        REFINEMENT = "refinement", "Refined pass"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        STARTING = "starting", "Starting"
        RENDERING = "rendering", "Rendering"
        STORING = "storing", "Storing"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Source(models.TextChoices):
        CHILD = "child", "This machine"
        URL = "url", "Fixed address"
        POD = "runpod-pod", "RunPod pod"
        SERVERLESS = "runpod-serverless", "RunPod Serverless"

    ACTIVE = (State.STARTING, State.RENDERING, State.STORING)
    OVER = (State.READY, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey("Session", on_delete=models.CASCADE, related_name="renders")
    """Session that it is made for."""
    engine = models.CharField(max_length=20, default="warp")
    """Name of the engine."""
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.RIG)
    """The output that it makes; also the name of its queue."""
    source = models.CharField(max_length=20, choices=Source.choices, default=Source.CHILD)
    """Machine on which it is made."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    """Changed by this model's transitions alone."""
    attempt = models.PositiveSmallIntegerField(default=0)
    """Number of attempts; counted before the work starts, so that work that kills its process ends too."""
    attempts_allowed = models.PositiveSmallIntegerField(default=MAX_ATTEMPTS)
    """Most attempts before it fails."""
    lease_until = models.DateTimeField(null=True, blank=True)
    """Time until which the attempt may be silent; None while there is none."""
    created_at = models.DateTimeField(default=timezone.now)
    """Time at which it was asked for."""
    queued_at = models.DateTimeField(default=timezone.now)
    """Time from which it counts as waiting."""
    not_before = models.DateTimeField(null=True, blank=True)
    """Time until which it was put off; None where it was not."""
    times_put_off = models.PositiveSmallIntegerField(default=0)
    """Number of times that it was put off, since it was first queued or last retried."""
    started_at = models.DateTimeField(null=True, blank=True)
    """Start of the last attempt."""
    finished_at = models.DateTimeField(null=True, blank=True)
    """Time at which it became ready, failed or was cancelled."""
    stage = models.CharField(max_length=20, blank=True)
    """Stage of the attempt, as gpuworker.contract.Progress."""
    message = models.CharField(max_length=200, blank=True)
    """Sentence about the stage, for the owner."""
    current = models.PositiveIntegerField(default=0)
    """Frames that are done."""
    total = models.PositiveIntegerField(default=0)
    """Frames that will be made; 0 before that is known."""
    tiles: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """State of each sheet by its name, as gpuworker.contract.Progress."""
    log: models.JSONField[Any, Any] = models.JSONField(default=list)
    """Lines {"t": seconds since the attempt began, "text": sentence}, oldest first."""
    error_code = models.CharField(max_length=40, blank=True)
    """Code of the last error; empty where there was none."""
    error_sentence = models.CharField(max_length=400, blank=True)
    """Sentence of the last error, for the owner."""
    seconds = models.FloatField(null=True, blank=True)
    """Time that the last attempt took, seconds; None before its end."""
    cost_cents = models.PositiveIntegerField(default=0)
    """Price in cents of a US dollar, rounded up."""

    objects = RenderQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "pk")
        constraints = (models.UniqueConstraint(fields=["session", "kind"], name="one_render_of_a_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} render {self.pk} by {self.engine}"

    @classmethod
    def begin(cls, session: Session, kind: str = Kind.RIG, engine: str = "warp", source: str = Source.CHILD) -> Render:
        """New render in the queue, with its charge reserved. Raises IntegrityError where there is one of that kind."""
        with transaction.atomic():
            render = cls.objects.create(session=session, kind=kind, engine=engine, source=source)
            Charge.objects.create(render=render)
        return render

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels to ask a worker for."""
        return (RIG,) if self.kind == self.Kind.RIG else DEFAULT_LEVELS

    @property
    def active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def can_cancel(self) -> bool:
        return self.active or self.state == self.State.QUEUED

    @property
    def can_retry(self) -> bool:
        return self.state in (self.State.FAILED, self.State.CANCELLED)

    def claim(self) -> Output | None:
        """Take the render for one attempt; None when another process has it or nothing is left to do."""
        now = timezone.now()
        free = Render.objects.startable().filter(pk=self.pk, attempt__lt=F("attempts_allowed"))
        with transaction.atomic():
            claimed = free.update(
                state=self.State.STARTING,
                attempt=F("attempt") + 1,
                lease_until=from_now(LEASE),
                not_before=None,
                started_at=now,
                finished_at=None,
                stage="starting",
                message="Starting",
                current=0,
                total=0,
                tiles={},
                log=[],
                error_code="",
                error_sentence="",
            )
            self.refresh_from_db()
            if not claimed:
                return None
            self.session.portrait.owner.note_turn(TURN_FIELDS[self.kind])
            return Output.objects.create(render=self, attempt=self.attempt)

    def advance(self, output: Output, progress: Progress, lines: Sequence[str] = ()) -> bool:
        """Write one step. False when the attempt has been overtaken or cancelled."""
        self.log = [*self.log, *({"t": self._elapsed(), "text": text} for text in lines)][-LOG_LINES:]
        storing = progress.stage == "done"
        return self._update(
            output.attempt,
            state=self.State.STORING if storing else self._state_at(progress),
            stage=progress.stage,
            message=progress.message[:200],
            current=progress.current,
            total=progress.total,
            tiles=dict(progress.tiles),
            log=self.log,
        )

    def finish(self, output: Output) -> bool:
        """End it as ready, charge it, and show its whole output. False when it was overtaken or cancelled.

        A whole output is shown here and nowhere else: once pages show it, no cancel deletes it any more. Sheets
        replace the first pass, and where SHEETS is always, the first pass of a person with an account queues them in
        the same transaction.
        """
        with transaction.atomic():
            if not self._end(output.attempt, self.State.READY, stage="done", message="Ready"):
                return False
            Charge.objects.filter(render=self).charge()
            if self.kind == self.Kind.REFINEMENT:
                self._cancel_sheets()
            shown = self.session.show(output)
            self._delete_outputs(but=output)
            if self.kind == self.Kind.SHEETS and shown:
                self.session.first_render._delete_outputs(but=None)
            if self.kind == self.Kind.RIG and settings.SHEETS == "always" and not self._is_of_guest():
                self.session.ask_for_sheets()
        return True

    def fail(self, attempt: int, error: RenderError) -> bool:
        """End it for an error that another attempt would not mend, or after the last attempt."""
        with transaction.atomic():
            ended = self._end(
                attempt, self.State.FAILED, error_code=error.code, error_sentence=error.sentence[:400], message=""
            )
            if ended:
                self._release()
        return ended

    def requeue(self, attempt: int, error: RenderError) -> bool:
        """Give an attempt back after an error that may pass; fails it when that was the last one."""
        if self.attempt >= self.attempts_allowed:
            return self.fail(attempt, error)
        return self._update(attempt, state=self.State.QUEUED, lease_until=None, queued_at=timezone.now())

    def renew(self, attempt: int) -> bool:
        """Renew the lease, which only rendering/lease.py does. False when the render was overtaken or cancelled."""
        return self._update(attempt, lease_until=from_now(LEASE))

    def hand_back(self, attempt: int) -> bool:
        """Queue it again unfinished, without a fault; the attempt does not count."""
        return self._wait_again(attempt, F("attempts_allowed") + 1)

    def put_off(self, attempt: int, error: RenderError, seconds: float) -> bool:
        """Put it off for a passing fault, such as a storage that is away: no attempt counts. Fails it in the end."""
        if self.times_put_off >= (MOST_PUT_OFF if self.kind == self.Kind.RIG else MOST_PUT_OFF_LATER):
            return self.fail(attempt, error)
        with transaction.atomic():
            won = self._wait_again(
                attempt,
                F("attempts_allowed") + 1,
                not_before=from_now(timedelta(seconds=seconds)),
                times_put_off=F("times_put_off") + 1,
                error_code=error.code,
                error_sentence=error.sentence[:400],
            )
            if won:
                self._delete_outputs(but=self.session.shown)
        return won

    def _wait_again(self, attempt: int, allowed: Any, **values: Any) -> bool:
        # queued_at stays: who has waited once does not wait as long a second time.
        won = self._update(attempt, state=self.State.QUEUED, lease_until=None, attempts_allowed=allowed, **values)
        if won:
            self.refresh_from_db()
        return won

    def cancel(self) -> bool:
        """Cancel at any stage: a process at work finds that it has been overtaken. Whether this call did it."""
        with transaction.atomic():
            rows = Render.objects.unfinished().filter(pk=self.pk)
            won = rows.update(state=self.State.CANCELLED, finished_at=timezone.now(), lease_until=None) == 1
            if won:
                self._release()
        self.refresh_from_db()
        return won

    def retry(self) -> bool:
        """Queue it again after it failed or was cancelled. Whether this call did it."""
        over = [self.State.FAILED, self.State.CANCELLED]
        with transaction.atomic():
            won = Render.objects.filter(pk=self.pk, state__in=over).update(
                state=self.State.QUEUED,
                attempts_allowed=F("attempt") + MAX_ATTEMPTS,
                queued_at=timezone.now(),
                not_before=None,
                times_put_off=0,
                started_at=None,
                finished_at=None,
                error_code="",
                error_sentence="",
                stage="",
                message="",
                current=0,
                tiles={},
                log=[],
            )
            if won:
                Charge.objects.filter(render=self).reserve()
        self.refresh_from_db()
        return won == 1

    def give_up(self, error: RenderError) -> bool:
        """Fail it, for the sweeper, when its last attempt fell silent. Whether this call did it."""
        spent = Render.objects.expired().filter(pk=self.pk, attempt__gte=F("attempts_allowed"))
        return spent.exists() and self.fail(self.attempt, error)

    # --- inside a transition

    def _is_of_guest(self) -> bool:
        """Whether its owner is a guest at this moment; guests get no download, for which the sheets are."""
        return Render.objects.filter(pk=self.pk, session__portrait__owner__guest_until__isnull=False).exists()

    def _update(self, attempt: int, **values: Any) -> bool:
        rows = Render.objects.active().filter(pk=self.pk, attempt=attempt)
        won = rows.update(**values) == 1
        if won:
            for name, value in values.items():
                if not isinstance(value, Combinable):
                    setattr(self, name, value)
        return won

    def _end(self, attempt: int, state: State, **values: Any) -> bool:
        now = timezone.now()
        seconds = (now - self.started_at).total_seconds() if self.started_at else None
        return self._update(attempt, state=state, finished_at=now, lease_until=None, seconds=seconds, **values)

    def _release(self) -> None:
        """Release the charge, and delete every output."""
        Charge.objects.filter(render=self).release()
        self._delete_outputs(but=None)

    def _cancel_sheets(self) -> None:
        """Cancel the first engine's sheets, which are no longer needed: the refined ones take their place."""
        for render in Render.objects.of_kind(self.Kind.SHEETS).filter(session=self.session_id):
            render.cancel()

    def _delete_outputs(self, but: Output | None) -> None:
        """Delete rows at once, and files by the sweeper: a process that was overtaken may still be putting one."""
        for output in self.outputs.all():
            if output != but:
                PendingDeletion.create_for(output.prefix, portrait_id=self.session.portrait_id)
                output.delete()

    @staticmethod
    def _state_at(progress: Progress) -> State:
        started = progress.stage in ("preview", "rendering")
        return Render.State.RENDERING if started else Render.State.STARTING

    def _elapsed(self) -> float:
        return round((timezone.now() - self.started_at).total_seconds(), 1) if self.started_at else 0.0


class Output(models.Model):
    """Files that one attempt has put into storage, below a prefix of its own."""

    render = models.ForeignKey(Render, on_delete=models.CASCADE, related_name="outputs")
    """Render whose attempt it is."""
    attempt = models.PositiveSmallIntegerField()
    """Number of the attempt, as Render.attempt."""
    tag = models.UUIDField(default=uuid.uuid4, editable=False)
    """Unguessable part of the keys of its files in storage, so that no two attempts share one."""
    created_at = models.DateTimeField(default=timezone.now)
    """Start of the attempt."""
    files: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """{"sha256", "size" in bytes} of each stored file by its name."""
    manifest: models.JSONField[Any, Any] = models.JSONField(null=True)
    """Manifest as gpuworker.contract has it, listing these files only; None before the first level."""
    advice: models.JSONField[Any, Any] = models.JSONField(default=list)
    """Sentences of the worker about this photo, and how it treated it."""
    complete = models.BooleanField(default=False)
    """Whether every level is there."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["render", "attempt"], name="one_output_per_attempt"),)

    def __str__(self) -> str:
        return f"output {self.attempt} of {self.render_id}"

    @property
    def prefix(self) -> str:
        """Beginning of its files' keys in storage; ends with a slash."""
        return f"renders/{self.tag.hex}/{self.attempt}/"

    @property
    def has_sheets(self) -> bool:
        """Whether it is whole and has the sheets that a download needs."""
        return self.complete and any(level["name"] == "full" for level in self.manifest["levels"])

    @property
    def alpha(self) -> bool:
        """Whether its pictures are transparent around the person."""
        return self.manifest is not None and bool(self.manifest["alpha"])

    def key(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def record(
        self, files: Mapping[str, Mapping[str, Any]], manifest: Manifest | None, advice: Sequence[str] = ()
    ) -> bool:
        """Note files that are stored, the manifest that lists them, and further advice. False when overtaken."""
        with transaction.atomic():
            # Locked until the files are noted: no cancel and no other attempt comes in between.
            live = Render.objects.active().select_for_update().filter(pk=self.render_id, attempt=self.attempt)
            if live.first() is None:
                return False
            self.files = {**self.files, **files}
            if manifest is not None:
                self.manifest = manifest.to_json()
                self.complete = manifest.complete
            self.advice = [*self.advice, *advice]
            self.save(update_fields=["files", "manifest", "advice", "complete"])
        return True
