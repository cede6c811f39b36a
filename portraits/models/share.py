"""Share links: public addresses of one portrait.

A row holds the hash of its token, by which visitors' addresses are found. The token itself is derived from the row's id
and the site's SECRET_KEY (docs/decisions/share-tokens.md): its owner can see it again, and a copy of the database opens
nothing.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import hashers
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portraits.models.portrait import Portrait

if TYPE_CHECKING:
    from portraits.models.render import Output
    from portraits.models.user import User

TOKEN_BYTES = 16
"""Length of a token, bytes."""


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def live(self) -> ShareLinkQuerySet:
        """Links that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)

    def for_token(self, token: str) -> ShareLinkQuerySet:
        """Live link of that token, to a portrait that may be seen; empty where there is none."""
        return self.live().filter(token_hash=hash_token(token), portrait__in=Portrait.objects.shown())

    def visible_to(self, user: User) -> ShareLinkQuerySet:
        """Links to this user's own portraits."""
        return self.filter(portrait__in=Portrait.objects.visible_to(user))


class ShareLink(models.Model):
    """Public link to one portrait."""

    NAME_LENGTH = 60
    """Longest name, characters."""
    PASSWORD_SHORTEST, PASSWORD_LENGTH = 6, 100
    """Shortest and longest password, characters."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """Random, because the token is derived from it."""
    portrait = models.ForeignKey(Portrait, on_delete=models.CASCADE, related_name="share_links")
    """Portrait that it shows."""
    name = models.CharField(max_length=NAME_LENGTH, blank=True)
    """Name that only its owner sees, to tell it from the others; where it is empty, the date stands for it."""
    token_hash = models.CharField(max_length=64, unique=True)
    """hash_token of the token in its address."""
    created_at = models.DateTimeField(default=timezone.now)
    """Time at which it was made."""
    expires_at = models.DateTimeField(null=True, blank=True)
    """Time from which it does not work; None works until it is revoked."""
    standard = models.BooleanField(default=False)
    """Whether it shows the photo at the frames' own size, and not at up to twice that."""
    password = models.CharField(max_length=128, blank=True, editable=False)
    """Hash of its password, as Django's hashers write it; empty where it has none."""
    looks = models.PositiveBigIntegerField(default=0, editable=False)
    """Page views so far; portraits.sharing.looks counts them."""
    revoked_at = models.DateTimeField(null=True, blank=True)
    """Time at which its owner revoked it; None while they have not."""

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"link to {self.portrait_id}"

    @classmethod
    def create_for(
        cls,
        portrait: Portrait,
        expires_at: datetime | None = None,
        *,
        name: str = "",
        standard: bool = False,
        password: str = "",
    ) -> tuple[ShareLink, str]:
        """New link, and its token: 128 bits, base64url. password: empty for none."""
        link = cls(portrait=portrait, expires_at=expires_at, name=name, standard=standard)
        link.password = hashers.make_password(_as_typed(password)) if password else ""
        token = _derive_token(link.pk, settings.SECRET_KEY)
        link.token_hash = hash_token(token)
        link.save(force_insert=True)
        return link, token

    @classmethod
    def was_made(cls, token: str) -> bool:
        """Whether there has been a link of that token, alive or not."""
        return cls.objects.filter(token_hash=hash_token(token)).exists()

    @property
    def token(self) -> str | None:
        """Token in its address; None where it was derived from a key that is none of the site's any more."""
        keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        tokens = (_derive_token(self.pk, str(key)) for key in keys)
        return next((token for token in tokens if hash_token(token) == self.token_hash), None)

    @property
    def output(self) -> Output | None:
        """Output that it shows now; None before there is one."""
        session = self.portrait.current_session
        return session.shown if session else None

    def check_password(self, password: str) -> bool:
        """Whether it is the link's password; False for a link without one."""
        return bool(self.password) and hashers.check_password(_as_typed(password), self.password)

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


def _as_typed(password: str) -> str:
    """Password in the one form of all keyboards: the same letters come as different characters, and with spaces."""
    return unicodedata.normalize("NFKC", password).strip()


def _derive_token(link_id: uuid.UUID, key: str) -> str:
    digest = salted_hmac("portraits.models.share.token", link_id.hex, secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).rstrip(b"=").decode()


def hash_token(token: str) -> str:
    """SHA-256, hexadecimal: a random token of 128 bits needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
