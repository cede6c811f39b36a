"""Secrets and settings from the environment, or from the files that it names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gpuworker.errors import BadRequest

DEVICE = "GAZE_DEVICE"
"""Name of the variable that says where torch and onnxruntime compute: auto, cuda or cpu."""


def secret(environment: Mapping[str, str], name: str) -> str | None:
    """The variable `name`, or what the file that `name`_FILE names holds. Raises BadRequest."""
    if path := environment.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise BadRequest(f"{name}_FILE names {path}, which cannot be read.") from error
    return environment.get(name, "").strip() or None


def seconds(environment: Mapping[str, str], name: str) -> float:
    """The variable `name` as seconds, 0 when it is absent. Raises BadRequest."""
    text = environment.get(name, "").strip() or "0"
    if not text.isdigit():
        raise BadRequest(f"{name} is a number of seconds, not “{text}”.")
    return float(text)
