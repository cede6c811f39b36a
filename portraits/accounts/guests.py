"""Guests: people without an account, each known by the session of one browser.

A guest is a row of the model User, so that permissions, quotas, moderation and deletion hold for them as for others.
Their key lies in the session beside the key of a signed-in user, and only views that are decorated with
`portraits.http.guests_allowed` see them: to all others, the sign-in among them, they are anonymous.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest

from portraits import deletion
from portraits.models import Portrait, Upload, User
from portraits.models.browser import GUEST_KEY

portrait_kept = Signal()
"""Sent for each portrait that a person with an account keeps, in the transaction that gives it to them."""


def current(session: SessionBase) -> User | None:
    """Guest of this browser; None where there is none, or their time is over."""
    key = session.get(GUEST_KEY)
    return User.objects.guests().filter(pk=key).first() if key is not None else None


def uploader(request: HttpRequest) -> User | None:
    """User whose photo this request brings: who is signed in, else the guest, else a new one, not yet saved.

    None where the site takes no guests.
    """
    if isinstance(request.user, User):
        return request.user
    return User.objects.new_guest() if settings.GUESTS else None


def remember(request: HttpRequest, user: User) -> None:
    """Bind a new guest, once saved, to this browser, under a new session key: the old one may have been planted."""
    if user.is_guest and request.session.get(GUEST_KEY) != user.pk:
        request.session[GUEST_KEY] = user.pk
        request.session.cycle_key()


def keep_and_tell(request: HttpRequest, user: User) -> None:
    """Keep them, and say so on the next page."""
    kept = keep(request, user)
    if len(kept) == 1:
        messages.success(request, f"“{kept[0]}” is kept: it belongs to your account now.")
    elif kept:
        messages.success(request, f"Your {len(kept)} portraits are kept: they belong to your account now.")


def keep(request: HttpRequest, user: User) -> list[Portrait]:
    """Give everything of this browser's guest to a person with an account, for good, and end the guest.

    Only for people who have just shown that the account is theirs. Returns the portraits, newest first.
    """
    guest = current(request.session)
    if guest is None:
        return []
    with transaction.atomic():
        # Locked, so that an upload of another window comes before it or finds that its owner is gone.
        if User.objects.guests().select_for_update().filter(pk=guest.pk).first() is None:
            return []
        kept = list(Portrait.objects.visible_to(guest))
        Portrait.objects.filter(pk__in=[portrait.pk for portrait in kept]).update(owner=user, expires_at=None)
        Upload.objects.filter(owner=guest).update(owner=user)
        del request.session[GUEST_KEY]
        request.session.save()  # before the guest's row goes, and with it every session that names it
        deletion.delete_user(guest)
        for portrait in kept:
            portrait_kept.send(Portrait, portrait=portrait)
    return kept
