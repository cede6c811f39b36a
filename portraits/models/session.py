"""Session: one generation run of a portrait, with its options and the output that is shown."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from gpuworker.contract import DEFAULT_LEVELS, STANDARD_FRAME, Box, RenderRequest, Size
from portraits.models.portrait import Portrait
from portraits.models.render import Output, Render

if TYPE_CHECKING:
    from portraits.models.user import User


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User) -> SessionQuerySet:
        """Sessions of this user's own portraits."""
        return self.filter(portrait__owner=user)

    def with_all_that_shows(self) -> SessionQuerySet:
        """Sessions with all rows from which a page describes a run; read at once, not one by one."""
        return self.select_related("portrait", "shown").prefetch_related("renders")

    def bump(self) -> bool:
        """Count up the sequence number. Whether the session is still there."""
        return self.update(sequence=F("sequence") + 1) > 0


class Session(models.Model):
    """One generation run. Its state is derived from its renders; `shown` is set by fenced updates only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    portrait = models.ForeignKey(Portrait, on_delete=models.CASCADE, related_name="sessions")
    """Portrait that is rendered."""
    created_at = models.DateTimeField(default=timezone.now)
    """Time at which it was asked for."""
    intensity = models.FloatField(default=1.0)
    """Strength of the movement; 1 is the engine's own."""
    remove_background = models.BooleanField(default=False)
    """Whether the person is cut out of the photo."""
    frame_width = models.PositiveSmallIntegerField(default=STANDARD_FRAME.width)
    """Width of a rendered frame, pixels."""
    frame_height = models.PositiveSmallIntegerField(default=STANDARD_FRAME.height)
    """Height of a rendered frame, pixels."""
    shown = models.ForeignKey(Output, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    """Output that pages show; None before there is one."""
    sequence = models.PositiveIntegerField(default=0)
    """Number that grows with every change a page could show, so that an old message is known as one."""

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"session {self.pk}"

    @property
    def first_render(self) -> Render:
        """First pass, which makes the face alive."""
        return next(render for render in self.renders.all() if render.kind == Render.Kind.RIG)

    @property
    def sheets(self) -> Render | None:
        """Render that makes the sheets; None before they are asked for."""
        return self._render_of(Render.Kind.SHEETS)

    @property
    def refinement(self) -> Render | None:
        """Refined pass, on a GPU; None where there is none."""
        return self._render_of(Render.Kind.REFINEMENT)

    @property
    def alive(self) -> bool:
        """Whether a page can show a face that follows."""
        return self.shown_id is not None

    @property
    def complete(self) -> bool:
        """Whether the output that is shown is whole: nothing more is needed for a face that follows."""
        return self.shown is not None and self.shown.complete

    @property
    def has_sheets(self) -> bool:
        """Whether the output that is shown has sheets, so that it can be downloaded."""
        return self.shown is not None and self.shown.has_sheets

    @property
    def cut_out(self) -> bool:
        """Whether the output that is shown has no background; before there is one, whether that was asked for."""
        return self.shown.alpha if self.shown is not None else self.remove_background

    @property
    def advice(self) -> list[str]:
        """Advice for the owner about the face that is shown; before there is one, about the photo."""
        return (self.shown.advice if self.shown is not None else []) or self.portrait.advice

    @property
    def state(self) -> str:
        """State: `ready` once a whole output is there, else the first render's state."""
        return Render.State.READY.value if self.complete else self.first_render.state

    @property
    def can_ask_for_sheets(self) -> bool:
        """Whether there is a whole face without sheets, and nothing that makes them."""
        return self.complete and not self.has_sheets and (self.sheets is None or self.sheets.can_retry)

    def ask_for_sheets(self, *, again: bool = True) -> bool:
        """Queue the sheets of a face that is whole. Whether this call did it.

        again: also after they failed or were stopped, which is for the owner to decide.
        """
        with transaction.atomic():
            # Locked, so that of two who ask at once one finds the other's render.
            row = Session.objects.select_for_update(of=("self",)).select_related("shown").filter(pk=self.pk).first()
            if row is None or not row.complete or row.has_sheets:
                return False
            render = row.sheets
            if render is not None:
                return again and render.retry()
            Render.begin(row, Render.Kind.SHEETS)
        return True

    def request(self, photo: bytes, engine: str, levels: tuple[str, ...] = DEFAULT_LEVELS) -> RenderRequest:
        """Request for a worker. Raises BadRequest."""
        return RenderRequest(
            photo=photo,
            framing=self.portrait.framing,
            face=self.portrait.face,
            face_box=Box(**self.portrait.face_box),
            frame=Size(self.frame_width, self.frame_height),
            levels=levels,
            engine=engine,
            intensity=self.intensity,
            remove_background=self.remove_background,
        )

    def show(self, output: Output) -> bool:
        """Show this output, unless a better one is shown. Whether it is shown now.

        A later attempt of the same render replaces an earlier one at once; another render's output replaces what is
        shown only when it is whole, and never that of a later kind.
        """
        better = Q(shown=None) | Q(shown=output)
        better |= Q(shown__render=output.render, shown__complete=False, shown__attempt__lt=output.attempt)
        if output.complete:
            kinds = Render.Kind.values
            earlier = kinds[: kinds.index(output.render.kind)]
            better |= Q(shown__render__kind__in=earlier)
            better |= Q(shown__render=output.render, shown__attempt__lt=output.attempt)
        # Two statements, because an UPDATE cannot join: what is shown is read first and fenced in the second.
        rows = list(Session.objects.filter(better, pk=self.pk).values_list("shown_id", flat=True))
        won = bool(rows) and Session.objects.filter(pk=self.pk, shown_id=rows[0]).update(shown=output) == 1
        if won:
            self.shown = output
        return won

    def _render_of(self, kind: str) -> Render | None:
        return next((render for render in self.renders.all() if render.kind == kind), None)
