"""Scratch folder of this process: uploads on their way in, renders on their way out."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings


def empty_scratch() -> None:
    """Delete what an earlier process of this name left in settings.SCRATCH_DIR. Raises OSError."""
    folder = Path(settings.SCRATCH_DIR)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
