"""Admin of portraits, with their pictures. Each look at one is written into the audit log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from portraits import moderation
from portraits.admin.actions import AuditedAction
from portraits.admin.site import ReadOnlyAdmin, moderation_site
from portraits.files import responses, storage
from portraits.files.responses import Audience
from portraits.http.signed_in_user import signed_in_user
from portraits.models import Output, Portrait


def thumbnail(portrait: Portrait) -> str:
    """HTML of a picture that leads to the live view."""
    return format_html(
        '<a class="admin-thumbnail" href="{}"><img src="{}" alt="{}" loading="lazy"></a>',
        reverse("admin:portraits_portrait_live", args=[portrait.pk]),
        reverse("admin:portraits_portrait_thumbnail", args=[portrait.pk]),
        f"Look at {portrait}",
    )


@admin.register(Portrait, site=moderation_site)
class PortraitAdmin(ReadOnlyAdmin):
    list_display = ("picture", "titled", "owner", "moderation", "open_reports", "created_at")
    list_display_links = ("titled",)
    list_filter = ("moderation", "created_at")
    cross_links = ("owner__id__exact",)
    list_select_related = ("owner",)
    search_fields = ("title", "owner__email", "=id")
    fields = (
        "picture",
        "title",
        "owner",
        "moderation",
        "moderation_reason",
        "created_at",
        "consent_at",
        "expires_at",
        "size",
        "photo_sha256",
        "original_sha256",
    )
    readonly_fields = ("picture", "size")
    audited_actions = (
        AuditedAction(
            "hide",
            "Hide",
            "Only its owner still sees it, and its share links are dead until it is restored. "
            "Its open reports are closed.",
            "portraits.change_portrait",
            moderation.hide,
            lambda portrait: not portrait.hidden,
        ),
        AuditedAction(
            "restore",
            "Restore",
            "Its share links work again.",
            "portraits.change_portrait",
            moderation.restore,
            lambda portrait: portrait.hidden,
        ),
        AuditedAction(
            "delete",
            "Delete",
            "The photo, everything that was made from it and its links are gone for good.",
            "portraits.delete_portrait",
            moderation.delete,
            lambda portrait: True,
            destructive=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Portrait]:
        still_open = Count("reports", filter=Q(reports__closed_at=None))
        rows: QuerySet[Portrait] = super().get_queryset(request).annotate(open_report_count=still_open)
        return rows

    def get_urls(self) -> list[URLPattern]:
        """Addresses with the pictures as this site's own answers, so that the policy of its pages allows them."""
        own = [
            path("<uuid:portrait_id>/thumbnail.webp", self.guarded(self.thumbnail_file), name=_name("thumbnail")),
            path("<uuid:portrait_id>/live/", self.guarded(self.live), name=_name("live")),
            path("<uuid:portrait_id>/live/manifest.json", self.guarded(self.live_manifest), name=_name("manifest")),
            path("<uuid:portrait_id>/live/<str:name>", self.guarded(self.live_file), name=_name("file")),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description="picture")
    def picture(self, portrait: Portrait) -> str:
        return thumbnail(portrait)

    @admin.display(description="title", ordering="title")
    def titled(self, portrait: Portrait) -> str:
        return str(portrait)

    @admin.display(description="open reports", ordering="open_report_count")
    def open_reports(self, portrait: Any) -> int:
        count: int = portrait.open_report_count
        return count

    @admin.display(description="photo")
    def size(self, portrait: Portrait) -> str:
        return f"{portrait.width} × {portrait.height} pixels"

    def thumbnail_file(self, request: HttpRequest, portrait_id: UUID) -> HttpResponse:
        portrait = _audited_portrait(request, portrait_id)
        key = storage.photo_prefix(portrait.pk) + storage.THUMBNAIL
        return responses.stored_response(request, key, portrait.thumbnail_sha256, Audience.OWNER)

    def live(self, request: HttpRequest, portrait_id: UUID) -> HttpResponse:
        portrait = _audited_portrait(request, portrait_id)
        run = portrait.current_session
        context = {
            **self.admin_site.each_context(request),
            "title": str(portrait),
            "portrait": portrait,
            "alive": run is not None and run.alive,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/portraits/live.html", context)

    def live_manifest(self, request: HttpRequest, portrait_id: UUID) -> HttpResponse:
        return responses.manifest_response(request, _shown(_audited_portrait(request, portrait_id)), Audience.OWNER)

    def live_file(self, request: HttpRequest, portrait_id: UUID, name: str) -> HttpResponse:
        return responses.file_response(request, _shown(_audited_portrait(request, portrait_id)), name, Audience.OWNER)


def _name(page: str) -> str:
    return f"portraits_portrait_{page}"


def _audited_portrait(request: HttpRequest, portrait_id: UUID) -> Portrait:
    """Portrait of this key; the look at it is written into the audit log. Raises Http404."""
    portrait = get_object_or_404(Portrait, pk=portrait_id)
    moderation.log_view(signed_in_user(request), portrait)
    return portrait


def _shown(portrait: Portrait) -> Output:
    run = portrait.current_session
    if run is None or run.shown is None:
        raise Http404
    return run.shown
