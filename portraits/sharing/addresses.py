"""Where a shared portrait can be seen, and how it comes into other pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from gpuworker.contract import STANDARD_FRAME, Size


@dataclass(frozen=True)
class ShareAddresses:
    """Whole addresses, for people who are elsewhere. frame: pixels, for the page in a frame."""

    token: str
    frame: Size = STANDARD_FRAME

    @property
    def page(self) -> str:
        return self._whole("share")

    @property
    def manifest(self) -> str:
        return self._whole("share-manifest")

    @property
    def embed(self) -> str:
        return self._whole("share-embed")

    @property
    def script_snippet(self) -> str:
        """HTML for any page: the element and its script.

        The style keeps its room until the script has come; pages that refuse styles in attributes have the attributes.
        """
        width, height = self.frame.width, self.frame.height
        style = (
            f"display:inline-block;vertical-align:bottom;width:{width}px;max-width:100%;aspect-ratio:{width}/{height}"
        )
        return (
            f'<script src="{element_script()}" async></script>\n'
            f'<gaze-tracker src="{self.manifest}" width="{width}" height="{height}"\n'
            f'  style="{style}"></gaze-tracker>'
        )

    @property
    def frame_snippet(self) -> str:
        """HTML for pages that take no scripts from elsewhere."""
        size = f'width="{self.frame.width}" height="{self.frame.height}"'
        return (
            f'<iframe src="{self.embed}" title="Portrait whose eyes follow the pointer" {size}\n'
            '  loading="lazy" allow="fullscreen" referrerpolicy="no-referrer" frameborder="0"></iframe>'
        )

    def _whole(self, name: str) -> str:
        return f"{settings.SITE_URL}{reverse(name, args=[self.token])}"


def element_script() -> str:
    """The element's script under the address that it keeps: a name with a hash would be gone with the next version."""
    return urljoin(f"{settings.SITE_URL}/", f"{settings.STATIC_URL}gaze/gaze-tracker.js")
