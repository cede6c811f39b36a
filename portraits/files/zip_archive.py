"""ZIP archive of a portrait that works on any web server: sheets under the original app's names, and a page."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from gpuworker import grid
from gpuworker.cli import standalone_page
from gpuworker.contract import CARD_NAME, MANIFEST_NAME
from portraits.files import storage
from portraits.models import Output
from portraits.sharing import link_preview

METADATA_NAME, README_NAME = "metadata.json", "README.txt"
FIRST_YEAR = 1980
"""First year that a ZIP file can express."""


def write(output: Output, file: IO[bytes]) -> None:
    """Write the archive of a complete output. Sheets are copied in chunks and not compressed: WebP would not shrink.

    Raises FileNotFoundError when the output has just been deleted.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _texts(output):
            archive.writestr(_entry(output, name), text)
        for name, source in zip(standalone_page.names(), standalone_page.sources(), strict=True):
            archive.writestr(_entry(output, name), source.read_bytes())
        for name in sorted(set(output.files) - {CARD_NAME, link_preview.NAME}):
            entry = _entry(output, name)
            entry.compress_type = zipfile.ZIP_STORED
            with storage.private().open(output.key(name)) as stored, archive.open(entry, "w") as target:
                shutil.copyfileobj(stored, target, 1 << 18)


def metadata(manifest: dict[str, Any]) -> dict[str, Any]:
    """Description of the folder in the original app's format, with its key names."""
    mobile, full = grid.LEVELS["mobile"].rows, grid.LEVELS["full"].rows
    return {
        "gridSize": full,
        "quadrantSize": full // 2,
        "mobileGridSize": mobile,
        "mobileQuadrantSize": mobile // 2,
        "imageWidth": manifest["frame"]["width"],
        "imageHeight": manifest["frame"]["height"],
        "hasAlpha": manifest["alpha"],
        "format": "webp",
        "mode": "quadrants",
        "totalImages": full * full,
    }


def _texts(output: Output) -> Iterator[tuple[str, str]]:
    yield README_NAME, (Path(__file__).parent / "archive_readme.txt").read_text()
    yield MANIFEST_NAME, json.dumps(output.manifest, indent=1) + "\n"
    yield METADATA_NAME, json.dumps(metadata(output.manifest), indent=1) + "\n"


def _entry(output: Output, name: str) -> zipfile.ZipInfo:
    """Archive entry dated like the output, so that the same output gives the same archive."""
    made = output.created_at
    entry = zipfile.ZipInfo(name, (max(made.year, FIRST_YEAR), made.month, made.day, made.hour, made.minute, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
