"""The real parts, started once, and sites on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import boto3
import psycopg
import pytest
import redis

from tests.production import parts
from tests.production.parts import Part
from tests.production.relay import Relay
from tests.production.site import ProductionSite
from tests.runpod.fake import KEY
from tests.runpod.served import ServedRunPod
from tests.site.conftest import photo as photo  # a fixture

SiteOnParts = Callable[..., ProductionSite]


@pytest.fixture(scope="session")
def redis_part() -> Iterator[tuple[Part, str]]:
    with parts.redis_server() as found:
        yield found


@pytest.fixture(scope="session")
def postgres_part() -> Iterator[tuple[Part, str]]:
    with parts.postgres_server() as found:
        yield found


@pytest.fixture(scope="session")
def s3_part() -> Iterator[tuple[Part, dict[str, str]]]:
    """With its bucket, into which something was put once: that takes it seconds."""
    with parts.s3_server() as (part, settings):
        with bucket_client(settings) as client:
            client.create_bucket(Bucket=parts.BUCKET)
            client.put_object(Bucket=parts.BUCKET, Key="first", Body=b"")
            client.delete_object(Bucket=parts.BUCKET, Key="first")
        yield part, settings


@contextmanager
def bucket_client(settings: dict[str, str]) -> Iterator[Any]:
    client = boto3.client(
        "s3",
        endpoint_url=settings["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        region_name="auto",
    )
    try:
        yield client
    finally:
        client.close()


def stored(settings: dict[str, str]) -> list[str]:
    """Every key in the bucket; there are few."""
    with bucket_client(settings) as client:
        return [each["Key"] for each in client.list_objects_v2(Bucket=parts.BUCKET).get("Contents", [])]


def empty(settings: dict[str, str]) -> None:
    """Nothing stays in the bucket."""
    with bucket_client(settings) as client:
        for key in stored(settings):
            client.delete_object(Bucket=parts.BUCKET, Key=key)


def rented(provider: ServedRunPod) -> dict[str, str]:
    """Settings of a site whose GPU is a pod of this provider."""
    return {
        "GPU_SOURCE": "runpod-pod",
        "GPU_ENGINE": "warp",
        "RUNPOD_API_KEY": KEY,
        "RUNPOD_IMAGE": "gazesite/worker:test",
        "RUNPOD_REST_URL": provider.rest,
        "RUNPOD_PROXY_URL": provider.proxy,
    }


def flush(redis_url: str) -> None:
    """FLUSHALL."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


@contextmanager
def site_on_parts(
    home: Path, name: str, redis_url: str, postgres_url: str, s3: dict[str, str], **more: str
) -> Iterator[ProductionSite]:
    """With a database of its own, migrated, and everybody's queues and bucket empty."""
    flush(redis_url)
    empty(s3)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
    site = ProductionSite(home, {"DATABASE_URL": url, "REDIS_URL": redis_url, **s3}, **more)
    try:
        site.manage("migrate", "-v0")
        yield site
    finally:
        site.close()


@pytest.fixture
def renting(
    tmp_path: Path,
    redis_part: tuple[Part, str],
    postgres_part: tuple[Part, str],
    s3_part: tuple[Part, dict[str, str]],
) -> Iterator[SiteOnParts]:
    """Makes a site, of that name, whose pages answer and whose GPU is a pod of that provider."""
    with ExitStack() as stack:

        def make(provider: ServedRunPod, name: str, **more: str) -> ProductionSite:
            parts_of_it = (redis_part[1], postgres_part[1], s3_part[1])
            site = stack.enter_context(site_on_parts(tmp_path / "site", name, *parts_of_it, **rented(provider) | more))
            site.start_web()
            return site

        yield make


@pytest.fixture(scope="session")
def relay(s3_part: tuple[Part, dict[str, str]]) -> Iterator[Relay]:
    """Between the site and its bucket."""
    relay = Relay(urlsplit(s3_part[1]["AWS_ENDPOINT_URL_S3"]).port or 0)
    yield relay
    relay.close()
