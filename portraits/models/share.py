"""Share links: public addresses of one portrait. Their tokens are shown once and kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portraits.models.portrait import Portrait

if TYPE_CHECKING:
    from portraits.models.render import Output
    from portraits.models.user import User

TOKEN_BYTES = 16
"""Length of a token, random bytes."""


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def live(self) -> ShareLinkQuerySet:
        """Links that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)

    def for_token(self, token: str) -> ShareLinkQuerySet:
        """Live link of that token, to a portrait that may be seen; empty where there is none."""
        return self.live().filter(token_hash=hash_token(token), portrait__in=Portrait.objects.shown())

    def visible_to(self, user: User) -> ShareLinkQuerySet:
        """Links to this user's own portraits."""
        return self.filter(portrait__owner=user)


class ShareLink(models.Model):
    """Public link to one portrait."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    portrait = models.ForeignKey(Portrait, on_delete=models.CASCADE, related_name="share_links")
    """Portrait that it shows."""
    token_hash = models.CharField(max_length=64, unique=True)
    """hash_token of the token in its address."""
    created_at = models.DateTimeField(default=timezone.now)
    """Time at which it was made."""
    expires_at = models.DateTimeField(null=True, blank=True)
    """Time from which it does not work; None works until it is revoked."""
    standard = models.BooleanField(default=False)
    """Whether it shows the photo at the frames' own size, and not at up to twice that."""
    revoked_at = models.DateTimeField(null=True, blank=True)
    """Time at which its owner revoked it; None while they have not."""

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"link to {self.portrait_id}"

    @classmethod
    def create_for(
        cls, portrait: Portrait, expires_at: datetime | None = None, *, standard: bool = False
    ) -> tuple[ShareLink, str]:
        """New link, and its token: 128 bits, base64url, which is kept nowhere."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        fields = {"portrait": portrait, "expires_at": expires_at, "standard": standard}
        return cls.objects.create(token_hash=hash_token(token), **fields), token

    @classmethod
    def was_made(cls, token: str) -> bool:
        """Whether there has been a link of that token, alive or not."""
        return cls.objects.filter(token_hash=hash_token(token)).exists()

    @property
    def output(self) -> Output | None:
        """Output that it shows now; None before there is one."""
        session = self.portrait.current_session
        return session.shown if session else None

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    @property
    def works_until(self) -> datetime | None:
        """Time at which it ends by itself, with its portrait at the latest; None works until it is revoked."""
        return min(filter(None, (self.expires_at, self.portrait.expires_at)), default=None)

    def revoke(self) -> bool:
        """Revoke it. Whether this call did it."""
        now = timezone.now()
        won = ShareLink.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=now) == 1
        self.refresh_from_db(fields=["revoked_at"])
        return won


def hash_token(token: str) -> str:
    """SHA-256, hexadecimal: a random token of 128 bits needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
