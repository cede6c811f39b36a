"""User model: an e-mail address and a password, no user name; or a guest, who has neither."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

GUEST_LIFETIME = timedelta(hours=24)
"""Time after which a guest's portrait is deleted, and the guest after the last one."""
GUEST_DOMAIN = "guest.invalid"
"""Domain of the addresses that stand for guests; `.invalid` receives no mail (RFC 2606)."""


class EmailUserManager(UserManager["User"]):
    """User manager that creates users by their e-mail address."""

    def create_user(  # type: ignore[override]  # without a user name
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def new_guest(self) -> User:
        """Guest, not yet saved: it has no password to sign in with, and an address that cannot be guessed."""
        guest = self.model(email=f"guest-{uuid.uuid4().hex}@{GUEST_DOMAIN}", guest_until=timezone.now())
        guest.set_unusable_password()
        return guest

    def guests(self) -> models.QuerySet[User]:
        """Guests whose time is not over and who are not banned."""
        return self.filter(guest_until__gt=timezone.now(), is_active=True)

    def ended_guests(self) -> models.QuerySet[User]:
        """Guests whose time is over."""
        return self.filter(guest_until__lte=timezone.now())

    def create_superuser(  # type: ignore[override]  # without a user name
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """Person with an account, or a guest: a browser without one. `is_active` is off while they are banned.

    The times of their last turns are kept here and not read off the renders, because a person may delete those.
    """

    username = None  # type: ignore[assignment]  # the e-mail address takes its place
    email = models.EmailField("e-mail address", unique=True)
    """Address in lower case; it identifies the account."""
    last_first_pass_at = models.DateTimeField(null=True, blank=True, editable=False)
    """Time, by the database's clock, at which an attempt at a first pass last began."""
    last_sheets_at = models.DateTimeField(null=True, blank=True, editable=False)
    """Time, by the database's clock, at which an attempt at sheets last began."""
    last_refinement_at = models.DateTimeField(null=True, blank=True, editable=False)
    """Time, by the database's clock, at which an attempt at a refined pass last began."""

    guest_until = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)
    """Time at which a guest is deleted with everything of theirs; None for a person with an account."""

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = EmailUserManager()  # type: ignore[misc]  # AbstractUser's own manager has user names

    def __str__(self) -> str:
        return self.email

    @property
    def is_guest(self) -> bool:
        return self.guest_until is not None

    def stay_until(self, end: datetime) -> None:
        """Prolong a guest's time, for something that ends then; a person with an account has no end."""
        if self.guest_until is not None:
            User.objects.filter(pk=self.pk, guest_until__lt=end).update(guest_until=end)
            self.guest_until = max(self.guest_until, end)

    def note_turn(self, field: str) -> None:
        """Note that a render of theirs begins, so that others go before their next one of that kind."""
        User.objects.filter(pk=self.pk).update(**{field: Now()})

    def ban(self) -> bool:
        """Ban the account: signing in fails, and its portraits are not shown. Whether this call did it."""
        return self._activate(False)

    def unban(self) -> bool:
        """End the ban. Whether this call did it."""
        return self._activate(True)

    def _activate(self, active: bool) -> bool:
        won = User.objects.filter(pk=self.pk, is_active=not active).update(is_active=active) == 1
        self.refresh_from_db(fields=["is_active"])
        return won
