"""The audit log: to be read."""

from __future__ import annotations

from django.contrib import admin

from portraits.admin.site import Drawer, moderation_site
from portraits.models import AuditEntry


@admin.register(AuditEntry, site=moderation_site)
class AuditLog(Drawer):
    list_display = ("created_at", "actor_email", "action", "target", "reason")
    list_filter = ("action", "created_at")
    search_fields = ("actor_email", "target", "reason")
    fields = ("created_at", "actor_email", "action", "target", "reason")
