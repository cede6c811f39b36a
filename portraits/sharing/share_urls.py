"""URLs of a shared portrait, and HTML snippets that embed it in other pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from gpuworker.contract import STANDARD_FRAME, Size


@dataclass(frozen=True)
class ShareURLs:
    """Absolute URLs and snippets of one share link."""

    token: str
    """Token of the link."""
    frame: Size = STANDARD_FRAME
    """Size of the embedded portrait, CSS pixels."""

    @property
    def page(self) -> str:
        return self._absolute("share")

    @property
    def manifest(self) -> str:
        return self._absolute("share-manifest")

    @property
    def embed(self) -> str:
        return self._absolute("share-embed")

    @property
    def script_snippet(self) -> str:
        """HTML for any page: the element and its script.

        The style reserves the space until the script has loaded; without inline styles, width and height do.
        """
        width, height = self.frame.width, self.frame.height
        style = (
            f"display:inline-block;vertical-align:bottom;width:{width}px;max-width:100%;aspect-ratio:{width}/{height}"
        )
        return (
            f'<script src="{element_script_url()}" async></script>\n'
            f'<gaze-tracker src="{self.manifest}" width="{width}" height="{height}"\n'
            f'  style="{style}"></gaze-tracker>'
        )

    @property
    def frame_snippet(self) -> str:
        """HTML for pages that allow no scripts of other sites: an iframe."""
        size = f'width="{self.frame.width}" height="{self.frame.height}"'
        return (
            f'<iframe src="{self.embed}" title="Portrait whose eyes follow the pointer" {size}\n'
            '  loading="lazy" allow="fullscreen" referrerpolicy="no-referrer" frameborder="0"></iframe>'
        )

    def _absolute(self, name: str) -> str:
        return f"{settings.SITE_URL}{reverse(name, args=[self.token])}"


def element_script_url() -> str:
    """URL of the element's script, without a hash in its name, which would change with the next version."""
    return urljoin(f"{settings.SITE_URL}/", f"{settings.STATIC_URL}gaze/gaze-tracker.js")
