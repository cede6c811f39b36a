"""Versions of the element's bundle in storage, so that pages which name one by its hash find it after an update."""

from __future__ import annotations

from portraits.files import storage
from portraits.sharing.element_script import CURRENT, ElementScript

_kept: set[str] = set()
"""Versions that this process has seen in storage."""


def keep(script: ElementScript = CURRENT) -> None:
    """Store a version, unless it is there. Raises OSError."""
    if script.version in _kept:
        return
    for name, content in script.files.items():
        key = storage.element_key(script.version, name)
        if not storage.exists(key):
            storage.put(key, content)
    _kept.add(script.version)


def read(version: str, name: str) -> bytes:
    """File of the current version, or of one that was kept. Raises FileNotFoundError, OSError."""
    if version == CURRENT.version and name in CURRENT.files:
        return CURRENT.files[name]
    return storage.read(storage.element_key(version, name))
