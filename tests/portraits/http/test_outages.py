"""Exceptions that are outages and not bugs."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, InternalError, OperationalError
from django.test import RequestFactory
from dramatiq.errors import ConnectionClosed

from portraits.files import storage
from portraits.http import outages
from portraits.http.outages import DATABASE_UNAVAILABLE, DISK_FULL, OTHER, STORAGE_UNAVAILABLE, Outage

UNREADABLE = ["a*=bogus''x", "a*=idna''%C3%A4", "a*=a%00b''x", "a*=undefined''%ff", "a*=utf-8''x; a*0=y"]
"""Parameters for which Django's parser raises ValueError or TypeError."""


def caused(error: Exception, **facts: object) -> Exception:
    """Error as Django raises it: the driver's own error, with its code, is the cause."""
    cause = sqlite3.OperationalError("from the driver")
    for name, value in facts.items():
        setattr(cause, name, value)
    error.__cause__ = cause
    return error


def refused_by_a_full_device() -> OSError:
    """Error of a real full SQLite database."""
    device = os.open("/dev/full", os.O_WRONLY)
    try:
        os.write(device, b"anything")
    except OSError as error:
        return error
    finally:
        os.close(device)
    raise AssertionError("/dev/full took a byte")


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (refused_by_a_full_device(), DISK_FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), DISK_FULL),
        (OSError(errno.EFBIG, "File too large"), DISK_FULL),
        (OSError(errno.EROFS, "Read-only file system"), OTHER),
        (OSError(errno.EIO, "Input/output error"), OTHER),
        (PermissionError(errno.EACCES, "Permission denied"), OTHER),
        (TimeoutError(), OTHER),
        (ConnectionRefusedError(), OTHER),
        (storage.StorageUnavailable("the bucket does not answer"), STORAGE_UNAVAILABLE),
        (OperationalError("database is locked"), DATABASE_UNAVAILABLE),
        (InterfaceError("connection already closed"), DATABASE_UNAVAILABLE),
        (caused(OperationalError("database or disk is full"), sqlite_errorcode=13), DISK_FULL),
        (caused(OperationalError("could not extend file"), sqlstate="53100"), DISK_FULL),
        (caused(OperationalError("canceling statement due to lock timeout"), sqlstate="55P03"), DATABASE_UNAVAILABLE),
        (
            caused(InternalError("cannot execute INSERT in a read-only transaction"), sqlstate="25006"),
            DATABASE_UNAVAILABLE,
        ),
        (ConnectionClosed(ConnectionError("queue")), OTHER),
    ],
    ids=repr,
)
def test_an_outage_is_known_by_its_exception(error: Exception, outage: Outage) -> None:
    assert outages.outage_of(error) == outage


@pytest.mark.parametrize(
    "error",
    [
        None,
        ValueError("a bug"),
        FileNotFoundError(errno.ENOENT, "No such file"),
        IntegrityError("UNIQUE constraint failed"),
        DatabaseError("a bug"),
        caused(InternalError("current transaction is aborted"), sqlstate="25P02"),
    ],
    ids=repr,
)
def test_a_bug_is_no_outage(error: Exception | None) -> None:
    assert outages.outage_of(error) is None


@pytest.mark.parametrize(
    "outage", [DISK_FULL, DATABASE_UNAVAILABLE, STORAGE_UNAVAILABLE, OTHER], ids=lambda outage: outage.code
)
def test_no_sentence_blames_the_photo_or_the_person(outage: Outage) -> None:
    assert "photo" not in outage.sentence
    assert outage.sentence.startswith(("Our ", "The "))
    assert "Please try again in a " in outage.sentence
    assert outage.retry_seconds > 0


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("Application/JSON, text/plain;q=0.5", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        *((f"text/html; {each}", "text/html; charset=utf-8") for each in UNREADABLE),
        *((f"application/json; {each}", "application/json") for each in UNREADABLE),
    ],
)
def test_an_outage_is_answered_whatever_the_client_accepts(accept: str, kind: str) -> None:
    request = RequestFactory().get("/", headers={"Accept": accept})
    answer = outages.response(request, DATABASE_UNAVAILABLE)
    assert (answer.status_code, answer["Content-Type"]) == (503, kind)
