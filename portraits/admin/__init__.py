"""The desk at which moderators and operators work: Django's admin, read-only but for deeds with a reason."""

from portraits.admin import audit, operations, portrait, report, session, user
from portraits.admin.site import moderation_site

__all__ = ["audit", "moderation_site", "operations", "portrait", "report", "session", "user"]
