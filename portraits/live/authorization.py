"""Which open pages may watch what they watch, asked of the rows: as few queries for a thousand of them as for one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from django.utils import timezone

from portraits.live import publisher
from portraits.live.publisher import News
from portraits.models import BrowserSession, Session

T = TypeVar("T")

SLICE = 500
"""Things named in one query; every SQLite takes 999."""


@dataclass(frozen=True)
class Login:
    """A browser in which a user is signed in.

    key: primary key of its session's row, which is the hash of its cookie's value; password: as it is hashed in
    the user's row, because a new one ends every older login.
    """

    user_id: int
    key: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class Watch:
    """One browser before one session; it may have many pages open there."""

    login: Login
    session_id: UUID


@dataclass(frozen=True)
class Finding:
    """allowed: of those that were asked about; news: by session, where they are newer than what was known."""

    allowed: frozenset[Watch]
    news: Mapping[UUID, News]


def look(watches: Collection[Watch], known: Mapping[UUID, int]) -> Finding:
    """known: the newest sequence number that was heard, by session; without one, a session is read in any case."""
    sessions = _sessions({watch.session_id for watch in watches})
    stale = {session_id for session_id, (_, sequence) in sessions.items() if sequence > known.get(session_id, -1)}
    news = _news(stale)
    for deleted in stale - news.keys():
        del sessions[deleted]
    logins = _logins({watch.login.key for watch in watches})  # last, so that the answer is as new as can be
    allowed = frozenset(watch for watch in watches if watch.login in logins and _owns(watch, sessions))
    return Finding(allowed, news)


def _owns(watch: Watch, sessions: Mapping[UUID, tuple[int, int]]) -> bool:
    """Whether the watch's user owns its session, as Session.objects.visible_to says."""
    owner, _ = sessions.get(watch.session_id, (None, 0))
    return owner == watch.login.user_id


def _sessions(ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """Owner and sequence number of those that exist."""
    columns = ("pk", "portrait__owner_id", "sequence")
    return {
        session_id: (owner, sequence)
        for some in _slices(ids)
        for session_id, owner, sequence in Session.objects.filter(pk__in=some).values_list(*columns)
    }


def _logins(keys: Collection[str]) -> set[Login]:
    """Those that hold: not logged out, not run out, not banned."""
    rows = BrowserSession.objects.filter(expire_date__gt=timezone.now(), user__is_active=True)
    columns = ("user_id", "session_key", "user__password")
    return {Login(*row) for some in _slices(keys) for row in rows.filter(pk__in=some).values_list(*columns)}


def _news(ids: Collection[UUID]) -> dict[UUID, News]:
    rows = Session.objects.with_all_that_shows()
    return {session.pk: publisher.news(session) for some in _slices(ids) for session in rows.filter(pk__in=some)}


def _slices(things: Collection[T]) -> Iterator[list[T]]:
    whole = list(things)
    for start in range(0, len(whole), SLICE):
        yield whole[start : start + SLICE]
