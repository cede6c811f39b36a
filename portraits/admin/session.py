"""Admin of sessions: their state, their renders and errors."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from portraits import moderation
from portraits.admin.actions import AuditedAction
from portraits.admin.portrait import thumbnail
from portraits.admin.site import ReadOnlyAdmin, moderation_site
from portraits.models import Render, Session


@admin.register(Session, site=moderation_site)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("picture", "short", "owner", "state", "progress", "attempts", "error", "seconds", "created_at")
    list_display_links = ("short",)
    list_filter = ("renders__state", "renders__kind", "renders__engine", "created_at")
    list_select_related = ("portrait__owner", "shown")
    search_fields = ("=id", "=portrait__id", "portrait__title", "portrait__owner__email", "renders__error_code")
    fields = (
        "picture",
        "portrait_page",
        "owner",
        "state",
        "created_at",
        "intensity",
        "remove_background",
        "frame",
        "runs",
        "log",
    )
    readonly_fields = ("picture", "portrait_page", "owner", "state", "frame", "runs", "log")
    audited_actions = (
        AuditedAction(
            "cancel",
            "Cancel",
            "The render stops, and it is not charged.",
            "portraits.change_session",
            moderation.cancel,
            lambda run: any(render.can_cancel for render in run.renders.all()),
        ),
        AuditedAction(
            "retry",
            "Try again",
            "It goes back into the queue with three more attempts.",
            "portraits.change_session",
            moderation.retry,
            lambda run: any(render.can_retry for render in run.renders.all()),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        return super().get_queryset(request).prefetch_related("renders__charge")

    @admin.display(description="picture")
    def picture(self, run: Session) -> str:
        return thumbnail(run.portrait)

    @admin.display(description="session")
    def short(self, run: Session) -> str:
        return run.pk.hex[:8]

    @admin.display(description="portrait")
    def portrait_page(self, run: Session) -> str:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:portraits_portrait_change", args=[run.portrait_id]),
            run.portrait,
        )

    @admin.display(description="owner", ordering="portrait__owner__email")
    def owner(self, run: Session) -> str:
        return run.portrait.owner.email

    @admin.display(description="state")
    def state(self, run: Session) -> str:
        return str(Render.State(run.state).label)

    @admin.display(description="progress")
    def progress(self, run: Session) -> str:
        """Progress of its newest pass on this machine."""
        render = run.sheets or run.first_render
        return f"{render.stage or 'none'} {render.current}/{render.total}" if render.total else render.stage

    @admin.display(description="attempts")
    def attempts(self, run: Session) -> str:
        return ", ".join(f"{render.attempt} of {render.attempts_allowed}" for render in run.renders.all())

    @admin.display(description="error")
    def error(self, run: Session) -> str:
        return ", ".join(render.error_code for render in run.renders.all() if render.error_code)

    @admin.display(description="seconds")
    def seconds(self, run: Session) -> float | None:
        return run.first_render.seconds

    @admin.display(description="frames")
    def frame(self, run: Session) -> str:
        return f"{run.frame_width} × {run.frame_height} pixels"

    @admin.display(description="renders")
    def runs(self, run: Session) -> str:
        """Table with kind, engine, state, attempts, charge and error of each render."""
        rows = (
            (
                render.get_kind_display(),
                render.engine,
                render.get_state_display(),
                f"{render.attempt} of {render.attempts_allowed}",
                render.get_source_display(),
                render.charge.get_state_display(),
                f"{render.error_code}: {render.error_sentence}" if render.error_code else "none",
            )
            for render in run.renders.all()
        )
        heads = "Kind", "Engine", "State", "Attempts", "Where", "Charge", "Error"
        cells = format_html_join("", f"<tr>{'<td>{}</td>' * len(heads)}</tr>", rows)
        head = format_html_join("", "<th>{}</th>", ((each,) for each in heads))
        return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, cells)

    @admin.display(description="log")
    def log(self, run: Session) -> str:
        """Lines of the log, each with the seconds since the attempt began."""
        lines = [(f"{line['t']:7.1f} s", line["text"]) for render in run.renders.all() for line in render.log]
        if not lines:
            return "Nothing yet."
        return format_html('<pre class="admin-log">{}</pre>', format_html_join("\n", "{}  {}", lines))
