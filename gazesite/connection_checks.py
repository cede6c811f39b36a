"""Connection checks: each connection that the settings name is tried, and its state told in a sentence."""

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


class CheckFailed(Exception):
    """Failure of a check. str: what is wrong and what helps, in a sentence or two."""


@dataclass(frozen=True)
class CheckResult:
    """Result of one check."""

    part: str
    """Name of what was tried, such as `database`."""
    sentence: str
    """Its state, for the operator."""
    ok: bool = True
    """Whether the site can run with it."""

    def __str__(self) -> str:
        return f"{'ok  ' if self.ok else 'WRONG'} {self.part}: {self.sentence}"


def run_checks() -> Iterator[CheckResult]:
    """Results in the order in which the parts are needed. Whatever a check writes, it deletes."""
    for part, check in CHECKS.items():
        try:
            yield CheckResult(part, check())
        except CheckFailed as failure:
            yield CheckResult(part, str(failure), ok=False)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise CheckFailed(f"It does not answer ({_first_line(error)}). Please check DATABASE_URL.") from error
    if waiting:
        raise CheckFailed(f"{len(waiting)} migrations are missing. Please run `manage.py migrate`.")
    return f"{connection.vendor} answers, and every migration is there."


def _redis() -> str:
    if not settings.REDIS_URL:
        return "none is set; queue and sockets live in the site's own process."
    from redis import Redis, RedisError

    client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=3, socket_timeout=3)
    try:
        policy = client.info("memory").get("maxmemory_policy", "noeviction")
    except (RedisError, OSError) as error:
        raise CheckFailed(f"It does not answer ({_first_line(error)}). Please check REDIS_URL.") from error
    finally:
        client.close()
    if policy != "noeviction":
        raise CheckFailed(f"Its maxmemory-policy is {policy}, which may drop messages. Please set noeviction.")
    return "it answers."


def _storage() -> str:
    key, data = f"doctor/{secrets.token_hex(8)}.webp", secrets.token_bytes(64)
    try:
        storage.put(key, data)
        try:
            if storage.read(key) != data:
                raise CheckFailed("It gives back other bytes than were put into it.")
        finally:
            storage.delete("doctor/")
    except OSError as error:
        names = "BUCKET_NAME, AWS_ENDPOINT_URL_S3 and the keys" if settings.BUCKET_NAME else "GAZE_DATA"
        why = _first_line(error)
        raise CheckFailed(f"Files cannot be put, read and deleted ({why}). Please check {names}.") from error
    where = f"the bucket {settings.BUCKET_NAME}" if settings.BUCKET_NAME else "the data folder"
    return f"{where} takes, gives and deletes files."


def _mail() -> str:
    if not settings.HAS_MAIL:
        return "none is set; addresses are not confirmed, and forgotten passwords cannot be reset."
    try:
        mail = get_connection()
        mail.open()
        mail.close()
    except (OSError, smtplib.SMTPException) as error:
        raise CheckFailed(f"The server does not let us in ({_first_line(error)}). Please check EMAIL_URL.") from error
    return f"the server lets us in; mail comes from {settings.DEFAULT_FROM_EMAIL}."


def _proxy() -> str:
    if settings.SECURE and not settings.TRUSTED_PROXIES:
        raise CheckFailed(
            "SITE_URL is https, but no proxy is trusted to say so: every page would redirect to itself. "
            "Please set TRUSTED_PROXIES to the network of what ends TLS."
        )
    return f"{', '.join(settings.TRUSTED_PROXIES) or 'no proxy'} may name the visitor's address."


def _gpu() -> str:
    if settings.GPU_SOURCE == "none":
        return "none is set; the first pass stands."
    try:
        status = workers.gpu().status()
    except RenderError as error:
        why = error.details.get("reason", "")
        raise CheckFailed(f"{settings.GPU_SOURCE}: {error.sentence}{f' ({why})' if why else ''}") from error
    finally:
        workers.close()
    money = f", ${status.spent:.2f} of ${status.daily:.2f} spent today" if status.spent is not None else ""
    return f"{status.source}: {status.message}{money}."


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "redis": _redis,
    "storage": _storage,
    "mail": _mail,
    "proxy": _proxy,
    "gpu": _gpu,
}


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0].rstrip(".")
