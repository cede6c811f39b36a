"""Admin site of moderators and operators: rows to look at, and audited actions on them, each with a reason."""

from portraits.admin import audit, operations, portrait, report, session, user
from portraits.admin.site import moderation_site

__all__ = ["audit", "moderation_site", "operations", "portrait", "report", "session", "user"]
