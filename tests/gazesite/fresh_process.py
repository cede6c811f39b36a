"""Script runner in a fresh process, because settings are made once in each process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).parents[2]
SET_UP = "import django; django.setup()\n"


def in_fresh_process(script: str, data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the script where these settings and the site's data are all that the environment says."""
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "gazesite.settings",
        "GAZE_DATA": str(data),
        **settings,
    }
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True, timeout=60)
