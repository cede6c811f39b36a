"""Admin of reports; open ones come first, the oldest at the top."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from portraits import moderation
from portraits.admin.actions import AuditedAction
from portraits.admin.portrait import thumbnail
from portraits.admin.site import ReadOnlyAdmin, moderation_site
from portraits.models import Report


class OpenReportFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Report]) -> list[tuple[str, str]]:
        return [("open", "Open"), ("closed", "Closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        wanted = {"open": True, "closed": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(closed_at__isnull=wanted)


@admin.register(Report, site=moderation_site)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("picture", "reason", "words", "email", "created_at", "closed_at", "closed_by")
    list_display_links = ("reason",)
    list_filter = (OpenReportFilter, "reason")
    list_select_related = ("portrait__owner", "closed_by")
    search_fields = ("text", "email", "=portrait__id", "portrait__owner__email")
    ordering = (F("closed_at").asc(nulls_first=True), "created_at")
    fields = ("picture", "portrait_page", "owner", "reason", "text", "email", "created_at", "closed_at", "closed_by")
    readonly_fields = ("picture", "portrait_page", "owner")
    audited_actions = (
        AuditedAction(
            "close",
            "Close",
            "It leaves the queue. Actions on the portrait are on the portrait's own page.",
            "portraits.change_report",
            moderation.close,
            lambda report: report.closed_at is None,
        ),
    )

    @admin.display(description="picture")
    def picture(self, report: Report) -> str:
        return thumbnail(report.portrait)

    @admin.display(description="portrait")
    def portrait_page(self, report: Report) -> str:
        return format_html(
            '<a href="{}">{}</a>, {}',
            reverse("admin:portraits_portrait_change", args=[report.portrait_id]),
            report.portrait,
            report.portrait.get_moderation_display().lower(),
        )

    @admin.display(description="owner")
    def owner(self, report: Report) -> str:
        owner = report.portrait.owner
        return format_html('<a href="{}">{}</a>', reverse("admin:portraits_user_change", args=[owner.pk]), owner)

    @admin.display(description="in their words")
    def words(self, report: Report) -> str:
        return report.text if len(report.text) <= 90 else f"{report.text[:89]}…"
