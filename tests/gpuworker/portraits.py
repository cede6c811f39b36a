"""The human faces among the portraits beside the project."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(os.environ.get("PORTRAITS", Path(__file__).parents[3] / "shared" / "portraits"))
"""Where photos and paintings of other people lie, if anywhere: most tests do with the astronaut."""
PORTRAITS = ("bouguereau_child", "einstein_1904", "la_velata", "lady_agnew", "mona_lisa")
