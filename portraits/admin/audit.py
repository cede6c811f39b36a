"""Admin of the audit log, to be read only."""

from __future__ import annotations

from django.contrib import admin

from portraits.admin.site import ReadOnlyAdmin, moderation_site
from portraits.models import AuditEntry


@admin.register(AuditEntry, site=moderation_site)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "actor_email", "action", "target", "reason")
    list_filter = ("action", "created_at")
    search_fields = ("actor_email", "target", "reason")
    fields = ("created_at", "actor_email", "action", "target", "reason")
