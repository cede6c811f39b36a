"""Every face model that ships has its checksum, its licence and its source beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "gpuworker" / "vision" / "models"
SHIPPED = sorted(path.name for path in MODELS.glob("*.tflite"))


def sums() -> dict[str, str]:
    """SHA-256 by file name, from lines as `sha256sum` writes them."""
    lines = (MODELS / "SHA256SUMS").read_text().splitlines()
    return {file: digest for digest, file in (line.split("  ") for line in lines)}


def test_the_checksums_list_exactly_the_shipped_models() -> None:
    assert SHIPPED
    assert sorted(sums()) == SHIPPED


@pytest.mark.parametrize("file", SHIPPED)
def test_the_bytes_are_those_that_the_checksum_names(file: str) -> None:
    assert hashlib.sha256((MODELS / file).read_bytes()).hexdigest() == sums()[file]


@pytest.mark.parametrize("file", SHIPPED)
def test_the_readme_beside_them_names_file_source_and_licence(file: str) -> None:
    text = (MODELS / "README.md").read_text()
    assert file in text
    assert "mediapipe 0.10.21" in text
    assert "Apache" in text


def test_the_licence_is_there_in_full() -> None:
    text = (MODELS / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
