"""Storage of private files in an S3 bucket: Amazon's, R2, Tigris or any other with that protocol.

Objects appear whole and replace older versions, as local files do. All errors of the client become OSErrors, so that
no other module needs to know where files are stored.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

from portraits.files.storage import StorageUnavailable

SIGNED_SECONDS = 60
"""Lifetime of a signed URL."""


class Bucket(S3Storage):  # type: ignore[misc]
    """Django storage for private files in a bucket.

    Options: bucket_name, endpoint_url, region_name, access_key, secret_key.
    """

    def __init__(self, **options: Any) -> None:
        # Custom endpoints have one host name, and R2 and Tigris refuse the checksums that boto3 would add.
        config = Config(
            s3={"addressing_style": "path" if options.get("endpoint_url") else "virtual"},
            signature_version="s3v4",
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=3,
            read_timeout=20,
            retries={"mode": "standard", "max_attempts": 2},
            max_pool_connections=20,
        )
        super().__init__(
            client_config=config,
            default_acl=None,
            querystring_auth=True,
            querystring_expire=SIGNED_SECONDS,
            # Keys are random, or meant to be replaced, so no file can overwrite another person's.
            file_overwrite=True,
            transfer_config=TransferConfig(use_threads=False),
            **options,
        )
        self._connection_lock = threading.Lock()
        self._connection: Any = None

    @property
    def connection(self) -> Any:
        """Connection shared by all threads; making one takes 0.1 s, and each request has its own thread."""
        with self._connection_lock:
            if self._connection is None:
                self._connection = super().connection
                weakref.finalize(self, self._connection.meta.client.close)
            return self._connection

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        """Response headers for a browser that uses a signed URL."""
        return {"CacheControl": "private, no-store"}

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        """File, read in one request; at most some megabytes. Raises FileNotFoundError, StorageUnavailable."""
        with _as_oserror(name):
            answer = self.connection.meta.client.get_object(Bucket=self.bucket_name, Key=name)
            return ContentFile(answer["Body"].read(), name)

    def _save(self, name: str, content: File[Any]) -> str:
        with _as_oserror(name):
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        with _as_oserror(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _as_oserror(name):
            return bool(super().exists(name))

    def walk(self, prefix: str) -> Iterator[str]:
        """Every key below a prefix that is empty or ends with a slash."""
        with _as_oserror(prefix):
            pages = self.connection.meta.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=prefix):
                yield from (each["Key"] for each in page.get("Contents", ()))

    def signed_url(self, name: str, content_type: str) -> str:
        """URL that gives access to the file without a cookie for SIGNED_SECONDS. Sends no request."""
        return str(self.url(name, parameters={"ResponseContentType": content_type}))


@contextmanager
def _as_oserror(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 404 and error.response.get("Error", {}).get("Code") != "NoSuchBucket":
            raise FileNotFoundError(f"{name} is not in the bucket") from error
        raise StorageUnavailable(f"the bucket refuses {name}: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise StorageUnavailable(f"the bucket does not answer about {name}: {error}") from error
