"""Groups `moderator` and `operator` with their permissions, made anew after every migration.

Not by a migration: permissions are made after the last one, and new models bring new ones.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission

MODERATOR = {
    "auditentry": ("view",),
    "portrait": ("view", "change", "delete"),
    "render": ("view",),
    "report": ("view", "change"),
    "session": ("view", "change"),
    "sharelink": ("view",),
    "user": ("view", "change"),
}
"""Permissions of moderators, who hide, restore and delete portraits, stop sessions, close reports and ban users."""

OPERATOR = {
    "auditentry": ("view",),
    "charge": ("view", "change"),
    "pendingdeletion": ("view",),
    "output": ("view",),
    "portrait": ("view",),
    "render": ("view", "change"),
    "report": ("view",),
    "session": ("view", "change"),
    "sharelink": ("view",),
    "upload": ("view",),
    "user": ("view",),
}
"""Permissions of operators, who keep renders going: they see everything, cancel and retry sessions."""

GROUPS = {"moderator": MODERATOR, "operator": OPERATOR}


def make_groups(**signal: Any) -> None:
    """Make both groups, with exactly these permissions; receiver of `post_migrate`, also sent after a flush."""
    for name, powers in GROUPS.items():
        codenames = [f"{verb}_{model}" for model, verbs in powers.items() for verb in verbs]
        found = Permission.objects.filter(content_type__app_label="portraits", codename__in=codenames)
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(found)
