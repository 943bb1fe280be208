"""Objects in a bucket, by boto3.

Every request is bounded: five seconds to connect, fifteen without a byte, three tries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import boto3.exceptions
import botocore.exceptions
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from backup import paths
from backup.errors import Cause, RepositoryFault
from backup.settings import Cloud

from . import reach
from .types import Missing, Stored

REPOSITORY = "cloud"
CONNECT_SECONDS = 5
READ_SECONDS = 15
TRIES = 3
# The authorities of the system: boto3's own bundle knows none that the machine was given.
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
# One part after the other: a dump's upload must not take the memory of a backup.
TRANSFER = TransferConfig(
    multipart_threshold=16 << 20, multipart_chunksize=16 << 20, use_threads=False
)
_CAUSES: dict[str, Cause] = {
    "RequestTimeTooSkewed": "clock",
    "RequestExpired": "clock",
    "NoSuchBucket": "bucket",
    "SignatureDoesNotMatch": "credentials",
    "InvalidAccessKeyId": "credentials",
    "XAdminUserNotFound": "credentials",
    "AccessDenied": "credentials",
    "ExpiredToken": "credentials",
    "InvalidToken": "credentials",
    "401": "credentials",
    "403": "credentials",
    "QuotaExceeded": "full",
    "XMinioStorageFull": "full",
    "507": "full",
}
_ABSENT = ("NoSuchKey", "404")


class Bucket:
    """The Store in one bucket, below one path."""

    def __init__(self, client: Any, cloud: Cloud) -> None:
        self._client = client
        self._cloud = cloud
        self._root = cloud.path.strip("/") + "/"

    def put(self, name: str, source: BinaryIO) -> None:
        # Multi-part uploads appear only when they are completed, simple ones are atomic.
        with self._faults(name):
            self._client.upload_fileobj(
                source, self._cloud.bucket, self._root + name, Config=TRANSFER
            )

    def get(self, name: str, target: Path) -> None:
        partial = target.with_name(target.name + ".partial")
        try:
            with self._faults(name), partial.open("wb") as file:
                key = self._root + name
                self._client.download_fileobj(self._cloud.bucket, key, file, Config=TRANSFER)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, name: str) -> bytes:
        with self._faults(name):
            answer = self._client.get_object(Bucket=self._cloud.bucket, Key=self._root + name)
            with answer["Body"] as body:
                return bytes(body.read())

    def list(self, prefix: str) -> list[Stored]:
        found: list[Stored] = []
        with self._faults(prefix):
            pages = self._client.get_paginator("list_objects_v2")
            asked = {"Bucket": self._cloud.bucket, "Prefix": self._root + prefix}
            for page in pages.paginate(**asked):
                for item in page.get("Contents", []):
                    name = item["Key"].removeprefix(self._root)
                    modified = item["LastModified"].timestamp()
                    found.append(Stored(name, int(item["Size"]), modified))
        return sorted(found, key=lambda item: item.name)

    def remove(self, name: str) -> None:
        with self._faults(name):
            self._client.delete_object(Bucket=self._cloud.bucket, Key=self._root + name)

    @contextmanager
    def _faults(self, name: str) -> Iterator[None]:
        reach.check(self._cloud)
        try:
            yield
        except (botocore.exceptions.ClientError, boto3.exceptions.S3UploadFailedError) as error:
            raise _refused(name, error) from error
        except botocore.exceptions.SSLError as error:
            raise RepositoryFault(REPOSITORY, "certificate", f"{name}: {error}") from error
        except (botocore.exceptions.HTTPClientError, botocore.exceptions.BotoCoreError) as error:
            raise RepositoryFault(REPOSITORY, "unreachable", f"{name}: {error}") from error


def open_bucket(cloud: Cloud) -> Bucket:
    """The store for these settings; raises RepositoryFault when a key cannot be read."""
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=_secret(paths.CLOUD_KEY_ID),
        aws_secret_access_key=_secret(paths.CLOUD_KEY_SECRET),
        verify=cloud.ca_file or SYSTEM_AUTHORITIES,
        config=Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": TRIES, "mode": "standard"},
            s3={"addressing_style": "path" if cloud.path_style else "virtual"},
            # S3-compatible servers need not know the newer checksums' trailers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    return Bucket(client, cloud)


def cause_of(code: str, status: int) -> Cause:
    """The cause that an S3 error's code and HTTP status name. Pure."""
    if code in _CAUSES:
        return _CAUSES[code]
    return "unreachable" if status >= 500 else "other"


def _refused(name: str, error: Exception) -> Exception:
    cause = error if isinstance(error, botocore.exceptions.ClientError) else error.__context__
    answer = getattr(cause, "response", {})
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _ABSENT:
        return Missing(f"there is no {name} in the bucket")
    message = answer.get("Error", {}).get("Message") or str(error)
    return RepositoryFault(REPOSITORY, cause_of(code, status), f"{name}: {code}: {message}")


def _secret(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise RepositoryFault(REPOSITORY, "credentials", message) from error
