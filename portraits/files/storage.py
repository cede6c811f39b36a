"""Storage of private files: the only module that names keys and writes or deletes files.

photos/<id>/photo.webp, thumbnail.webp     an upload and its portrait share the id
renders/<tag>/<attempt>/<name>             files of one attempt of a render
demo/<version>/<name>                      the portrait of the home page
element/<version>/<name>                   the element's bundle; other people's pages name its versions
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, storages

PHOTO, THUMBNAIL = "photo.webp", "thumbnail.webp"
ELEMENT_PREFIX = "element/"


class StorageUnavailable(OSError):
    """The storage cannot be used: its folder or bucket is missing, does not answer, or refuses."""


class PrivateFiles(FileSystemStorage):
    """Django storage for local files without URLs; writes are atomic and replace older versions.

    The folder is created when the process first uses it. One that vanishes later, such as an unmounted volume, is not
    created anew, because its files still exist elsewhere.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        Path(self.location).mkdir(parents=True, exist_ok=True)

    def require_root(self) -> None:
        """Check that the folder exists. Raises StorageUnavailable."""
        if not Path(self.location).is_dir():
            raise StorageUnavailable(f"the folder of files, {self.location}, is not there")

    def exists(self, name: str) -> bool:
        if super().exists(name):
            return True
        self.require_root()
        return False

    def walk(self, prefix: str) -> Iterator[str]:
        """Every key below a prefix that is empty or ends with a slash."""
        try:
            folders, files = self.listdir(prefix)
        except FileNotFoundError:
            self.require_root()
            return
        yield from (f"{prefix}{name}" for name in files)
        for folder in folders:
            yield from self.walk(f"{prefix}{folder}/")

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def open(self, name: str, mode: str = "rb") -> File[Any]:
        """Open file. Raises FileNotFoundError, StorageUnavailable."""
        try:
            return super().open(name, mode)
        except FileNotFoundError:
            self.require_root()
            raise

    def _save(self, name: str, content: File[Any]) -> str:
        """Write a file and its name durably, so that rows written later are true even after a power cut."""
        self.require_root()
        path = Path(self.path(name))
        created = _make_folders(path.parent)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        for folder in (path.parent, *(each.parent for each in created)):
            _sync_folder(folder)
        return name


def _make_folders(folder: Path) -> list[Path]:
    """Create the folder and its missing parents, and return those, deepest first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private() -> Any:
    """Storage of private files: PrivateFiles or portraits.files.s3.Bucket."""
    return storages["private"]


def photo_prefix(portrait_id: UUID) -> str:
    """Key prefix of the photo and thumbnail of an upload and its portrait."""
    return f"photos/{portrait_id.hex}/"


def element_key(version: str, name: str) -> str:
    """Key of a file of the element's bundle."""
    return f"{ELEMENT_PREFIX}{version}/{name}"


def put(key: str, source: Path | bytes) -> None:
    """Store a whole file. Raises OSError."""
    if isinstance(source, bytes):
        private().save(key, ContentFile(source))
        return
    with source.open("rb") as file:
        private().save(key, File(file))


def read(key: str) -> bytes:
    """Content of a file. Raises FileNotFoundError."""
    with private().open(key) as file:
        data: bytes = file.read()
    return data


def exists(key: str) -> bool:
    """Whether there is a file of that key. Raises StorageUnavailable."""
    there: bool = private().exists(key)
    return there


def sha256(key: str) -> str:
    """SHA-256 of a file, hexadecimal. Raises FileNotFoundError."""
    with private().open(key) as file:
        return _digest(file)


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def keys(prefix: str = "") -> Iterator[str]:
    """Keys of all files, or of those below a prefix that ends with a slash."""
    found: Iterator[str] = private().walk(prefix)
    return found


def delete(prefix: str) -> int:
    """Delete everything below a prefix that ends with a slash, or the one file of that key.

    Returns the number of files. Safe to call twice. Raises OSError.
    """
    found = list(keys(prefix)) if prefix.endswith("/") else [prefix] * exists(prefix)
    for key in found:
        private().delete(key)
    if prefix.endswith("/"):
        _remove_folders(prefix)
    return len(found)


def _remove_folders(prefix: str) -> None:
    """Remove the empty folders that local storage leaves behind."""
    backend = private()
    if not isinstance(backend, FileSystemStorage):
        return
    folder = Path(backend.path(prefix.rstrip("/")))
    for path in (folder, folder.parent):
        if path == Path(backend.location):
            return
        try:
            path.rmdir()
        except OSError:  # it holds other files, or is gone
            return
