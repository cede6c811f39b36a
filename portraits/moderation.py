"""Audited actions of moderators and operators on other people's rows: with a reason, logged in the same transaction.

Each returns whether this call did it; an action that was taken before is not logged twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portraits import deletion
from portraits.accounts import adapter
from portraits.models import AuditEntry, Portrait, Report, Session, User
from portraits.rendering import dispatch, workers

VIEW_INTERVAL = timedelta(minutes=10)
"""Time within which views of one portrait by one person are one entry: a page loads many files."""


class ReasonMissing(ValueError):
    """An action was asked for without a reason."""


class NotAllowed(Exception):
    """The actor may not do this. The message is a sentence for that person."""


def hide(by: User, portrait: Portrait, reason: str) -> bool:
    """Hide the portrait from all but its owner. Its open reports are closed for the same reason: this settles them."""
    with transaction.atomic():
        if not portrait.hide(_required(reason)):
            return False
        _close_all(by, portrait.reports.open(), reason)
        return _log(by, "hide", portrait, reason)


def restore(by: User, portrait: Portrait, reason: str) -> bool:
    """Show a hidden portrait again."""
    _required(reason)
    with transaction.atomic():
        return portrait.restore() and _log(by, "restore", portrait, reason)


def delete(by: User, portrait: Portrait, reason: str) -> bool:
    """Delete the portrait with all its sessions, links and files."""
    _required(reason)
    with transaction.atomic():
        found = Portrait.objects.select_for_update().filter(pk=portrait.pk).first()
        if found is None:
            return False
        _log(by, "delete", found, reason)
        deletion.delete_portrait(found)
    return True


def cancel(by: User, session: Session, reason: str) -> bool:
    """Cancel the session's renders."""
    _required(reason)
    with transaction.atomic():
        return dispatch.cancel(session) and _log(by, "cancel", session, reason)


def retry(by: User, session: Session, reason: str) -> bool:
    """Queue the session's renders again that failed or were cancelled."""
    _required(reason)
    with transaction.atomic():
        return dispatch.retry(session) and _log(by, "retry", session, reason)


def ban(by: User, user: User, reason: str) -> bool:
    """End the user's sign-ins, renders and shares; close the open reports about their portraits for the same reason.

    Raises NotAllowed.
    """
    _required(reason)
    _check_rank(by, user)
    with transaction.atomic():
        if not user.ban():
            return False
        adapter.sign_out_everywhere(user)
        deletion.cancel_renders_of(user)
        _close_all(by, Report.objects.open().filter(portrait__owner=user), reason)
        return _log(by, "ban", user, reason)


def unban(by: User, user: User, reason: str) -> bool:
    """Let the user sign in again; shares live again. Raises NotAllowed."""
    _required(reason)
    _check_rank(by, user)
    with transaction.atomic():
        return user.unban() and _log(by, "unban", user, reason)


def close(by: User, report: Report, reason: str) -> bool:
    """Close an open report."""
    _required(reason)
    with transaction.atomic():
        return report.close(by) and _log(by, "close", report, reason)


def _close_all(by: User, reports: Iterable[Report], reason: str) -> None:
    for report in reports:
        close(by, report, reason)


def log_rights(by: User, user: User) -> None:
    """Log the user's rights as they now are, after a superuser changed them."""
    groups = ", ".join(user.groups.values_list("name", flat=True)) or "none"
    _log(by, "appoint", user, f"staff: {user.is_staff}, superuser: {user.is_superuser}, groups: {groups}")


def log_view(by: User, portrait: Portrait) -> None:
    """Log that a moderator views another person's picture, once within VIEW_INTERVAL."""
    before = AuditEntry.objects.filter(
        actor=by, action="viewed", target=_target(portrait), created_at__gt=timezone.now() - VIEW_INTERVAL
    )
    if portrait.owner_id != by.pk and not before.exists():
        _log(by, "viewed", portrait, "")


def stop_gpu(by: User, reason: str) -> None:
    """Stop every rented machine, whatever it is doing. Raises RenderError when the provider does not answer.

    The attempt is in the audit log even when it fails: an operator wanted the cost to end.
    """
    stated = _required(reason)
    target = f"GPU source {settings.GPU_SOURCE}"
    AuditEntry.objects.create(actor=by, actor_email=by.email, action="stop-gpu", target=target, reason=stated[:300])
    workers.gpu().stop()


def _required(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing("Please say why.")
    return reason


def _check_rank(by: User, user: User) -> None:
    if user.pk == by.pk:
        raise NotAllowed("You cannot ban or unban yourself.")
    if (user.is_staff or user.is_superuser) and not by.is_superuser:
        raise NotAllowed(f"{user} works here; only a superuser can do that.")


def _log(by: User, action: str, target: Portrait | Session | Report | User, reason: str) -> bool:
    AuditEntry.objects.create(
        actor=by, actor_email=by.email, action=action, target=_target(target), reason=reason.strip()[:300]
    )
    return True


def _target(target: Portrait | Session | Report | User) -> str:
    """Model and id, with a user's address; no title, because it is deleted with its portrait."""
    name = f"{target._meta.model_name} {target.pk}"
    return f"{name} ({target.email})"[:200] if isinstance(target, User) else name
