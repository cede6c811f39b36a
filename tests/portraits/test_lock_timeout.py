"""Lock timeout: waiting for a row that another process holds ends in time."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from django.db.backends.signals import connection_created

from portraits import lock_timeout


class Raw:
    """Driver's connection as a pool sees it: an object that comes back."""


class Connection:
    def __init__(self, vendor: str, raw: Raw) -> None:
        self.vendor = vendor
        self.connection = raw
        self.said: list[str] = []

    def cursor(self) -> AbstractContextManager[Connection]:
        return nullcontext(self)

    def execute(self, sql: str) -> None:
        self.said.append(sql)


def test_each_connection_to_postgresql_is_told_once() -> None:
    raw = Raw()
    first, again, other = Connection("postgresql", raw), Connection("postgresql", raw), Connection("postgresql", Raw())
    for each in (first, again, other):
        lock_timeout.set_lock_timeout(connection=each, sender=None)
    assert [each.said for each in (first, again, other)] == [["SET lock_timeout = '10s'"], [], first.said]


def test_sqlite_has_its_own() -> None:
    connection = Connection("sqlite", Raw())
    lock_timeout.set_lock_timeout(connection=connection, sender=None)
    assert connection.said == []


def test_the_site_listens_for_connections() -> None:
    assert any(receiver[1]() is lock_timeout.set_lock_timeout for receiver in connection_created.receivers)
