"""Authorization of open subscriptions from the rows: as few queries for a thousand of them as for one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from django.utils import timezone

from portraits.live import publisher
from portraits.live.publisher import Snapshot
from portraits.models import BrowserSession, Session

T = TypeVar("T")

SLICE = 500
"""Most values named in one query; every SQLite takes 999."""


@dataclass(frozen=True)
class Credentials:
    """Credentials of a browser in which a user is signed in."""

    user_id: int
    session_key: str = field(repr=False)
    """Primary key of the browser session's row: the hash of its cookie's value."""
    password_hash: str = field(repr=False)
    """Password as it is hashed in the user's row, because a new one ends every older sign-in."""


@dataclass(frozen=True)
class Subscription:
    """Subscription of one browser to one session; many pages there may share it."""

    credentials: Credentials
    session_id: UUID


@dataclass(frozen=True)
class Authorization:
    """Answer of the rows to a question about subscriptions."""

    allowed: frozenset[Subscription]
    """Subscriptions, of those in question, that hold."""
    snapshots: Mapping[UUID, Snapshot]
    """Snapshots by session, where they are newer than what was known."""


def authorize(subscriptions: Collection[Subscription], known: Mapping[UUID, int]) -> Authorization:
    """Read which subscriptions hold, and what is new.

    known: newest sequence number that was received, by session; a session without one is read in any case.
    """
    sessions = _sessions({subscription.session_id for subscription in subscriptions})
    stale = {session_id for session_id, (_, sequence) in sessions.items() if sequence > known.get(session_id, -1)}
    snapshots = _snapshots(stale)
    for deleted in stale - snapshots.keys():
        del sessions[deleted]
    # Last, so that the answer is as new as can be.
    valid = _valid_credentials({subscription.credentials.session_key for subscription in subscriptions})
    allowed = frozenset(each for each in subscriptions if each.credentials in valid and _owns(each, sessions))
    return Authorization(allowed, snapshots)


def _owns(subscription: Subscription, sessions: Mapping[UUID, tuple[int, int]]) -> bool:
    """Whether the subscription's user owns its session, as Session.objects.visible_to says."""
    owner, _ = sessions.get(subscription.session_id, (None, 0))
    return owner == subscription.credentials.user_id


def _sessions(ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """Owner and sequence number of those that exist."""
    columns = ("pk", "portrait__owner_id", "sequence")
    return {
        session_id: (owner, sequence)
        for some in _slices(ids)
        for session_id, owner, sequence in Session.objects.filter(pk__in=some).values_list(*columns)
    }


def _valid_credentials(session_keys: Collection[str]) -> set[Credentials]:
    """Credentials that hold: not signed out, not expired, not banned."""
    rows = BrowserSession.objects.filter(expire_date__gt=timezone.now(), user__is_active=True)
    columns = ("user_id", "session_key", "user__password")
    return {
        Credentials(*row) for some in _slices(session_keys) for row in rows.filter(pk__in=some).values_list(*columns)
    }


def _snapshots(ids: Collection[UUID]) -> dict[UUID, Snapshot]:
    rows = Session.objects.with_all_that_shows()
    return {row.pk: publisher.serialized(row) for some in _slices(ids) for row in rows.filter(pk__in=some)}


def _slices(values: Collection[T]) -> Iterator[list[T]]:
    whole = list(values)
    for start in range(0, len(whole), SLICE):
        yield whole[start : start + SLICE]
