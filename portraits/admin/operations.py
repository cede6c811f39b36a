"""Admin of the rows that operators look up: renders, charges, share links, uploads and pending deletions."""

from __future__ import annotations

from django.contrib import admin

from portraits.admin.site import ReadOnlyAdmin, moderation_site
from portraits.models import Charge, PendingDeletion, Render, ShareLink, Upload


@admin.register(Render, site=moderation_site)
class RenderAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "kind", "engine", "source", "state", "attempt", "stage", "error_code", "seconds", "created_at"
    )  # fmt: skip
    list_filter = ("state", "kind", "engine", "source", "error_code", "created_at")
    search_fields = ("=id", "=session__id", "error_code")
    exclude = ("log", "tiles")


@admin.register(Charge, site=moderation_site)
class ChargeAdmin(ReadOnlyAdmin):
    list_display = ("id", "render", "state", "changed_at")
    list_filter = ("state", "changed_at")
    list_select_related = ("render",)
    search_fields = ("=render__id", "=render__session__id")


@admin.register(ShareLink, site=moderation_site)
class ShareLinkAdmin(ReadOnlyAdmin):
    list_display = ("id", "portrait", "is_live", "standard", "created_at", "expires_at", "revoked_at")
    list_filter = ("created_at", "revoked_at")
    list_select_related = ("portrait",)
    search_fields = ("=portrait__id", "portrait__owner__email")
    exclude = ("name", "password", "token_hash")


@admin.register(Upload, site=moderation_site)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "stored", "width", "height", "photo_size", "created_at")
    list_filter = ("stored", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")


@admin.register(PendingDeletion, site=moderation_site)
class PendingDeletionAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "created_at", "settled")
    search_fields = ("prefix",)
