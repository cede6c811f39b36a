"""User model: an e-mail address and a password, no user name."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Now


class EmailUserManager(UserManager["User"]):
    """User manager that creates users by their e-mail address."""

    def create_user(  # type: ignore[override]  # without a user name
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(  # type: ignore[override]  # without a user name
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """Person with an account. `is_active` is off while they are banned.

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

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = EmailUserManager()  # type: ignore[misc]  # AbstractUser's own manager has user names

    def __str__(self) -> str:
        return self.email

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
