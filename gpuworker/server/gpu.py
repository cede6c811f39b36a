"""Name of this machine's GPU, from the driver's own tool: nothing heavy is imported for it."""

from __future__ import annotations

import subprocess

SECONDS = 10.0
QUESTION = ("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")


def gpu_name(question: tuple[str, ...] = QUESTION) -> str | None:
    """The first GPU's name, or None where there is none, or none that answers."""
    try:
        found = subprocess.run(question, capture_output=True, text=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = found.stdout.strip().splitlines()
    return lines[0].strip() if lines else None
