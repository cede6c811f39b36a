"""Bundle of the element `<gaze-tracker>` as other people's pages load it: its version, address and integrity."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from django.conf import settings
from django.urls import reverse

BUNDLE = "gaze-tracker.min.js"
"""Name of the script; its parts, which it loads when they are needed, lie beside it as gaze-tracker-NAME.min.js."""
RIG_PART = "gaze-tracker-rig.min.js"
"""Name of the part that draws a rig."""


@dataclass(frozen=True)
class ElementScript:
    """Files of one version of the bundle."""

    folder: Path

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Content by name."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.glob("gaze-tracker*.min.js"))}

    @cached_property
    def version(self) -> str:
        """SHA-256 of all files, 32 hexadecimal digits."""
        return hashlib.sha256(b"\0".join(self.files.values())).hexdigest()[:32]

    @property
    def integrity(self) -> str:
        """Value for the attribute `integrity` of a tag that loads the script."""
        digest = hashlib.sha384(self.files[BUNDLE]).digest()
        return f"sha384-{base64.b64encode(digest).decode()}"

    def path(self, name: str = BUNDLE) -> str:
        """Path of a file on this site, with the version in it: the same bytes for ever."""
        return reverse("element-script", args=[self.version, name])

    @property
    def url(self) -> str:
        return f"{settings.SITE_URL}{self.path()}"


CURRENT = ElementScript(settings.BASE_DIR / "static" / "gaze")
"""The version that this process ships."""
