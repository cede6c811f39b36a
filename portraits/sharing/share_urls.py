"""URLs of a shared portrait, and HTML snippets that embed it in other pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from gpuworker.contract import STANDARD_FRAME, Size
from portraits.models import ShareLink
from portraits.sharing.element_script import CURRENT


@dataclass(frozen=True)
class ShareURLs:
    """Absolute URLs and snippets of one share link."""

    token: str
    """Token of the link."""
    frame: Size = STANDARD_FRAME
    """Size of the embedded portrait, CSS pixels."""

    @classmethod
    def of(cls, link: ShareLink) -> ShareURLs | None:
        """URLs of a link, in the size of what it shows now; None where its token is not known any more."""
        token, output = link.token, link.output
        if token is None:
            return None
        return cls(token, Size(**output.manifest["frame"]) if output and output.manifest else STANDARD_FRAME)

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
        """HTML for any page: the element and its script, which is `element_versions.keep`'s to keep.

        The style reserves the space until the script has loaded; without inline styles, width and height do.
        """
        width, height = self.frame.width, self.frame.height
        style = (
            f"display:inline-block;vertical-align:bottom;width:{width}px;max-width:100%;aspect-ratio:{width}/{height}"
        )
        return (
            f'<script type="module" src="{CURRENT.url}" async\n'
            f'  integrity="{CURRENT.integrity}" crossorigin="anonymous"></script>\n'
            f'<gaze-tracker src="{self.manifest}" width="{width}" height="{height}"\n'
            f'  style="{style}"></gaze-tracker>'
        )

    @property
    def frame_snippet(self) -> str:
        """HTML for pages that allow no scripts of other sites: an iframe."""
        size = f'width="{self.frame.width}" height="{self.frame.height}"'
        return (
            f'<iframe src="{self.embed}" title="Portrait whose eyes follow the pointer" {size}\n'
            '  loading="lazy" allow="fullscreen; accelerometer; gyroscope" referrerpolicy="no-referrer"\n'
            '  frameborder="0"></iframe>'
        )

    def _absolute(self, name: str) -> str:
        return f"{settings.SITE_URL}{reverse(name, args=[self.token])}"
