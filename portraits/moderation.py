"""Deeds of moderators and operators on other people's things: with a reason, written down in the same transaction.

Each returns whether this call did it; a deed that was done before is not written down twice.
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

GLANCE = timedelta(minutes=10)
"""Looks at one portrait by one person within so long are one entry: a page loads many files."""


class ReasonMissing(ValueError):
    """Nothing is done to anybody without saying why."""


class NotAllowed(Exception):
    """The message is a sentence for the person who tried."""


def hide(by: User, portrait: Portrait, reason: str) -> bool:
    """Hide the portrait from all but its owner. Its open reports are closed for the same reason: this settles them."""
    with transaction.atomic():
        if not portrait.hide(_given(reason)):
            return False
        _close_all(by, portrait.reports.open(), reason)
        return _write(by, "hide", portrait, reason)


def restore(by: User, portrait: Portrait, reason: str) -> bool:
    _given(reason)
    with transaction.atomic():
        return portrait.restore() and _write(by, "restore", portrait, reason)


def delete(by: User, portrait: Portrait, reason: str) -> bool:
    """Delete the portrait with all its sessions, links and files."""
    _given(reason)
    with transaction.atomic():
        found = Portrait.objects.select_for_update().filter(pk=portrait.pk).first()
        if found is None:
            return False
        _write(by, "delete", found, reason)
        deletion.delete_portrait(found)
    return True


def cancel(by: User, session: Session, reason: str) -> bool:
    _given(reason)
    with transaction.atomic():
        return dispatch.cancel(session) and _write(by, "cancel", session, reason)


def retry(by: User, session: Session, reason: str) -> bool:
    _given(reason)
    with transaction.atomic():
        return dispatch.retry(session) and _write(by, "retry", session, reason)


def ban(by: User, user: User, reason: str) -> bool:
    """End the user's sign-ins, renders and shares; close the open reports about their portraits for the same reason.

    Raises NotAllowed.
    """
    _given(reason)
    _mind_rank(by, user)
    with transaction.atomic():
        if not user.ban():
            return False
        adapter.sign_out_everywhere(user)
        deletion.cancel_renders_of(user)
        _close_all(by, Report.objects.open().filter(portrait__owner=user), reason)
        return _write(by, "ban", user, reason)


def unban(by: User, user: User, reason: str) -> bool:
    """Raises NotAllowed."""
    _given(reason)
    _mind_rank(by, user)
    with transaction.atomic():
        return user.unban() and _write(by, "unban", user, reason)


def close(by: User, report: Report, reason: str) -> bool:
    _given(reason)
    with transaction.atomic():
        return report.close(by) and _write(by, "close", report, reason)


def _close_all(by: User, reports: Iterable[Report], reason: str) -> None:
    for report in reports:
        close(by, report, reason)


def appoint(by: User, user: User) -> None:
    """Note the user's rights as they now are, after a superuser changed them."""
    groups = ", ".join(user.groups.values_list("name", flat=True)) or "none"
    _write(by, "appoint", user, f"staff: {user.is_staff}, superuser: {user.is_superuser}, groups: {groups}")


def look(by: User, portrait: Portrait) -> None:
    """Note that a moderator looks at another person's picture, once within GLANCE."""
    before = AuditEntry.objects.filter(
        actor=by, action="viewed", target=_named(portrait), created_at__gt=timezone.now() - GLANCE
    )
    if portrait.owner_id != by.pk and not before.exists():
        _write(by, "viewed", portrait, "")


def stop_gpu(by: User, reason: str) -> None:
    """Stop every rented machine, whatever it is doing. Raises RenderError when the provider cannot be asked.

    The attempt is in the audit log even when it fails: an operator wanted the cost to end.
    """
    given = _given(reason)
    target = f"GPU source {settings.GPU_SOURCE}"
    AuditEntry.objects.create(actor=by, actor_email=by.email, action="stop-gpu", target=target, reason=given[:300])
    workers.gpu().stop()


def _given(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing("Please say why.")
    return reason


def _mind_rank(by: User, user: User) -> None:
    if user.pk == by.pk:
        raise NotAllowed("You cannot ban or unban yourself.")
    if (user.is_staff or user.is_superuser) and not by.is_superuser:
        raise NotAllowed(f"{user} works here; only a superuser can do that.")


def _write(by: User, action: str, target: Portrait | Session | Report | User, reason: str) -> bool:
    AuditEntry.objects.create(
        actor=by, actor_email=by.email, action=action, target=_named(target), reason=reason.strip()[:300]
    )
    return True


def _named(target: Portrait | Session | Report | User) -> str:
    """An id, and of people who were banned the address: titles go when their portraits do."""
    name = f"{target._meta.model_name} {target.pk}"
    return f"{name} ({target.email})"[:200] if isinstance(target, User) else name
