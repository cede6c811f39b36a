"""Session: one generation run of a portrait, with its options and the output that is shown."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from gpuworker.contract import STANDARD_FRAME, Box, RenderRequest, Size
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
        return min(self.renders.all(), key=lambda render: (render.refines, render.created_at))

    @property
    def refinement(self) -> Render | None:
        """Second pass, on a GPU; None where there is none."""
        return next((render for render in self.renders.all() if render.refines), None)

    @property
    def alive(self) -> bool:
        """Whether a page can show a face that follows."""
        return self.shown_id is not None

    @property
    def complete(self) -> bool:
        return self.shown is not None and self.shown.complete

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

    def request(self, photo: bytes, engine: str) -> RenderRequest:
        """Request for a worker. Raises BadRequest."""
        return RenderRequest(
            photo=photo,
            framing=self.portrait.framing,
            face=self.portrait.face,
            face_box=Box(**self.portrait.face_box),
            frame=Size(self.frame_width, self.frame_height),
            engine=engine,
            intensity=self.intensity,
            remove_background=self.remove_background,
        )

    def show(self, output: Output) -> bool:
        """Show this output, unless a better one is shown. Whether it is shown now.

        A later attempt of the same render replaces an earlier one at once; another render's output
        replaces what is shown only when it is whole, and never a refined one by one that is not.
        """
        better = Q(shown=None) | Q(shown=output)
        better |= Q(shown__render=output.render, shown__complete=False, shown__attempt__lt=output.attempt)
        if output.complete:
            another = ~Q(shown__render=output.render)
            if not output.render.refines:
                another &= Q(shown__render__source=Render.Source.CHILD)
            better |= another | Q(shown__render=output.render, shown__attempt__lt=output.attempt)
        # Two statements, because an UPDATE cannot join: what is shown is read first and fenced in the second.
        rows = list(Session.objects.filter(better, pk=self.pk).values_list("shown_id", flat=True))
        won = bool(rows) and Session.objects.filter(pk=self.pk, shown_id=rows[0]).update(shown=output) == 1
        if won:
            self.shown = output
        return won
