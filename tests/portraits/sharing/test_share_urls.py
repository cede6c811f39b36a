"""URLs and snippets of a shared portrait."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from gpuworker.contract import Size
from portraits.sharing.element_script import CURRENT
from portraits.sharing.share_urls import ShareURLs

TOKEN = "Zk3-q_0aVb1cXdYe2fGh4i"


@pytest.fixture(autouse=True)
def _site(settings: Settings) -> None:
    settings.SITE_URL = "https://faces.example"


def test_addresses_are_whole() -> None:
    share_urls = ShareURLs(TOKEN)
    assert share_urls.page == f"https://faces.example/s/{TOKEN}/"
    assert share_urls.manifest == f"https://faces.example/s/{TOKEN}/manifest.json"
    assert share_urls.embed == f"https://faces.example/s/{TOKEN}/embed/"


def test_the_snippets_are_html_that_any_page_takes() -> None:
    share_urls = ShareURLs(TOKEN, Size(512, 640))
    assert share_urls.script_snippet == (
        f'<script type="module" src="https://faces.example/element/{CURRENT.version}/gaze-tracker.min.js" async\n'
        f'  integrity="{CURRENT.integrity}" crossorigin="anonymous"></script>\n'
        f'<gaze-tracker src="https://faces.example/s/{TOKEN}/manifest.json" width="512" height="640"\n'
        '  style="display:inline-block;vertical-align:bottom;width:512px;max-width:100%;aspect-ratio:512/640">'
        "</gaze-tracker>"
    )
    assert f'<iframe src="https://faces.example/s/{TOKEN}/embed/"' in share_urls.frame_snippet
    assert 'width="512" height="640"' in share_urls.frame_snippet
    assert 'allow="fullscreen; accelerometer; gyroscope" referrerpolicy="no-referrer"' in share_urls.frame_snippet
    # A strict page would refuse these.
    assert "style=" not in share_urls.frame_snippet
