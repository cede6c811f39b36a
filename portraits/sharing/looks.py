"""Counter of looks at share links: page views, without a cookie or an address of anybody.

Each web process counts in its memory and adds its numbers to the rows every few seconds, so that a portrait that
thousands look at in a second costs one short UPDATE, and no visitor waits for a row. A process that is killed loses the
looks of its last seconds.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from portraits.models import BrowserSession, ShareLink
from portraits.models.browser import hash_session_key

log = logging.getLogger(__name__)

SECONDS = 10.0
"""Time between two writes."""
STOP_SECONDS = 3.0
"""Longest time for the last write."""
ROBOT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|preview|fetch|monitor|headless|facebookexternalhit|whatsapp|slurp|embedly|iframely"
    r"|mastodon|curl|wget|python|okhttp|java/|go-http|axios|libwww",
    re.IGNORECASE,
)
"""Parts of the names under which programs ask for pages: search engines, link previews of messengers, monitors.

Cubot makes telephones.
"""

_lock = threading.Lock()
_counted: Counter[UUID] = Counter()
"""Looks that are not in the rows yet, by link."""


def count(request: HttpRequest, link: ShareLink) -> None:
    """Count one look, unless it is a program's, a browser's that loads pages ahead, or the portrait's owner's."""
    if request.method == "GET" and _is_a_person(request) and not _is_owner(request, link):
        with _lock:
            _counted[link.pk] += 1


def total(link: ShareLink) -> int:
    """Looks at a link as far as this process knows."""
    with _lock:
        return link.looks + _counted[link.pk]


def write() -> None:
    """Add what was counted to the rows. Raises DatabaseError; what is not written then stays counted."""
    with _lock:
        links = list(_counted)
    for link_id in links:
        with _lock:
            number = _counted.pop(link_id, 0)
        try:
            ShareLink.objects.filter(pk=link_id).update(looks=F("looks") + number)
        except DatabaseError:
            with _lock:
                _counted[link_id] += number
            raise


class Writer:
    """Thread that writes every SECONDS, and once more when it stops. Each object starts once."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="looks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=STOP_SECONDS)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopping.wait(SECONDS)
            close_old_connections()
            try:
                write()
            except DatabaseError:
                log.exception("looks at share links could not be written; they stay counted")
            finally:
                close_old_connections()


def _is_a_person(request: HttpRequest) -> bool:
    agent = request.headers.get("User-Agent", "")
    ahead = "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    return bool(agent) and not ahead and not ROBOT.search(agent[:500])


def _is_owner(request: HttpRequest, link: ShareLink) -> bool:
    """Whether the owner is signed in here. It does not read the session, so that the answer stays everybody's."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return False
    rows = BrowserSession.objects.filter(pk=hash_session_key(key), expire_date__gt=timezone.now())
    return rows.filter(user=link.portrait.owner_id).exists()
