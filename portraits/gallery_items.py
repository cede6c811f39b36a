"""Gallery items: portraits as lists show them, with a fixed number of queries for any number of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse

from gpuworker.contract import STANDARD_FRAME, Size
from portraits.live import publisher
from portraits.models import Portrait, Render, Session, ShareLink
from portraits.models.portrait import PortraitQuerySet
from portraits.sharing import visibility


@dataclass(frozen=True)
class GalleryItem:
    """Portrait in a list."""

    portrait: Portrait
    """Row that is shown."""
    state: str
    """State of its session, as Session.state; empty where there is none."""
    label: str
    """State in words."""
    poster: str | None
    """Address of the rendered portrait; None before there is one."""
    manifest: str | None
    """Address for a live element; None until the face is alive."""
    thumbnail: str
    """Address of the photo's thumbnail."""
    view_box: str
    """Part of the photo that is shown while there is no poster, for an SVG."""
    cut_out: bool
    """Whether it has no background, as Session.cut_out."""
    visibility: str
    """Words for who can see it."""

    @property
    def under_way(self) -> bool:
        return self.state in (Render.State.QUEUED, *Render.ACTIVE)


def with_sessions(portraits: PortraitQuerySet) -> PortraitQuerySet:
    """Portraits with the rows that `gallery_item` reads, in four more queries."""
    sessions = Session.objects.select_related("shown", "portrait").prefetch_related("renders")
    links = Prefetch("share_links", queryset=ShareLink.objects.live())
    return portraits.prefetch_related(Prefetch("sessions", queryset=sessions), links)


def gallery_item(portrait: Portrait) -> GalleryItem:
    """Gallery item of a portrait that `with_sessions` has read."""
    runs = list(portrait.sessions.all())
    session = next((run for run in runs if run.shown_id), runs[0] if runs else None)
    state = session.state if session else ""
    return GalleryItem(
        portrait=portrait,
        state=state,
        label=Render.State(state).label if state else "",
        poster=publisher.poster(session) if session else None,
        manifest=reverse("session-manifest", args=[session.pk]) if session and session.alive else None,
        thumbnail=reverse("portrait-thumbnail", args=[portrait.pk]),
        view_box=view_box(portrait),
        cut_out=session is not None and session.alive and session.cut_out,
        visibility=visibility.describe(portrait, portrait.share_links.all()).label,  # live links only
    )


def frame(portrait: Portrait, session: Session | None) -> Size:
    """Size of the rendered frames, pixels: as asked for, or for a whole picture its own shape, as long as that."""
    asked = Size(session.frame_width, session.frame_height) if session else STANDARD_FRAME
    if portrait.framing != "whole":
        return asked
    scale = max(asked.width, asked.height) / max(portrait.width, portrait.height)
    return Size(2 * round(portrait.width * scale / 2), 2 * round(portrait.height * scale / 2))


def view_box(portrait: Portrait) -> str:
    """Part of the photo that is shown, for an SVG: the crop where it is known, else all of it."""
    crop: dict[str, Any] = portrait.framing_json
    if "width" in crop:
        return " ".join(f"{crop[side]:.0f}" for side in ("x", "y", "width", "height"))
    return f"0 0 {portrait.width} {portrait.height}"
