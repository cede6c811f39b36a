"""Tries every connection that the settings name, and says in a sentence what is wrong with one."""

from __future__ import annotations

import secrets
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from gpuworker.errors import RenderError
from portraits.files import storage
from portraits.rendering import workers


class Ailing(Exception):
    """str: what is wrong and what helps, a sentence."""


@dataclass(frozen=True)
class Finding:
    """part: what was tried; sentence: how it is; well: whether it may stay so."""

    part: str
    sentence: str
    well: bool = True

    def __str__(self) -> str:
        return f"{'ok  ' if self.well else 'WRONG'} {self.part}: {self.sentence}"


def examine() -> Iterator[Finding]:
    """One finding for each part, in the order in which they are needed. Nothing stays behind."""
    for part, look in PARTS.items():
        try:
            yield Finding(part, look())
        except Ailing as ailing:
            yield Finding(part, str(ailing), well=False)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise Ailing(f"It does not answer ({_first_line(error)}). Please check DATABASE_URL.") from error
    if waiting:
        raise Ailing(f"{len(waiting)} migrations are missing. Please run `manage.py migrate`.")
    return f"{connection.vendor} answers, and every migration is there."


def _redis() -> str:
    if not settings.REDIS_URL:
        return "none is set; queue and sockets live in the site's own process."
    from redis import Redis, RedisError

    client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=3, socket_timeout=3)
    try:
        policy = client.info("memory").get("maxmemory_policy", "noeviction")
    except (RedisError, OSError) as error:
        raise Ailing(f"It does not answer ({_first_line(error)}). Please check REDIS_URL.") from error
    finally:
        client.close()
    if policy != "noeviction":
        raise Ailing(f"Its maxmemory-policy is {policy}, which may drop messages. Please set noeviction.")
    return "it answers."


def _storage() -> str:
    key, data = f"doctor/{secrets.token_hex(8)}.webp", secrets.token_bytes(64)
    try:
        storage.put(key, data)
        try:
            if storage.read(key) != data:
                raise Ailing("It gives back other bytes than were put into it.")
        finally:
            storage.erase("doctor/")
    except OSError as error:
        names = "BUCKET_NAME, AWS_ENDPOINT_URL_S3 and the keys" if settings.BUCKET_NAME else "GAZE_DATA"
        raise Ailing(f"Files cannot be put, read and deleted ({_first_line(error)}). Please check {names}.") from error
    where = f"the bucket {settings.BUCKET_NAME}" if settings.BUCKET_NAME else "the data folder"
    return f"{where} takes, gives and deletes files."


def _mail() -> str:
    if not settings.HAS_MAIL:
        return "none is set; nobody is asked to confirm an address, and forgotten passwords stay so."
    try:
        mail = get_connection()
        mail.open()
        mail.close()
    except (OSError, smtplib.SMTPException) as error:
        raise Ailing(f"The server does not let us in ({_first_line(error)}). Please check EMAIL_URL.") from error
    return f"the server lets us in; mail comes from {settings.DEFAULT_FROM_EMAIL}."


def _proxy() -> str:
    if settings.SECURE and not settings.TRUSTED_PROXIES:
        raise Ailing(
            "SITE_URL is https, but no proxy is trusted to say so: every page would redirect to itself. "
            "Please set TRUSTED_PROXIES to the network of what ends TLS."
        )
    return f"{', '.join(settings.TRUSTED_PROXIES) or 'nobody'} may say who asks."


def _gpu() -> str:
    if settings.GPU_SOURCE == "none":
        return "none is set; the first pass stands."
    try:
        status = workers.gpu().status()
    except RenderError as error:
        why = error.details.get("reason", "")
        raise Ailing(f"{settings.GPU_SOURCE}: {error.sentence}{f' ({why})' if why else ''}") from error
    finally:
        workers.close()
    money = f", ${status.spent:.2f} of ${status.daily:.2f} spent today" if status.spent is not None else ""
    return f"{status.source}: {status.message}{money}."


PARTS: dict[str, Callable[[], str]] = {
    "database": _database,
    "redis": _redis,
    "storage": _storage,
    "mail": _mail,
    "proxy": _proxy,
    "gpu": _gpu,
}


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0].rstrip(".")
