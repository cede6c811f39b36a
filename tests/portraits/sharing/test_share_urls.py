"""URLs and snippets of a shared portrait."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from gpuworker.contract import Size
from portraits.sharing.share_urls import ShareURLs, element_script_url

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
        '<script src="https://faces.example/static/gaze/gaze-tracker.js" async></script>\n'
        f'<gaze-tracker src="https://faces.example/s/{TOKEN}/manifest.json" width="512" height="640"\n'
        '  style="display:inline-block;vertical-align:bottom;width:512px;max-width:100%;aspect-ratio:512/640">'
        "</gaze-tracker>"
    )
    assert f'<iframe src="https://faces.example/s/{TOKEN}/embed/"' in share_urls.frame_snippet
    assert 'width="512" height="640"' in share_urls.frame_snippet
    assert 'referrerpolicy="no-referrer"' in share_urls.frame_snippet
    # A strict page would refuse these.
    assert "style=" not in share_urls.frame_snippet


@pytest.mark.parametrize(
    ("static_url", "script"),
    [
        ("/static/", "https://faces.example/static/gaze/gaze-tracker.js"),
        ("https://cdn.example/s/", "https://cdn.example/s/gaze/gaze-tracker.js"),
    ],
)
def test_the_script_comes_from_where_static_files_are(settings: Settings, static_url: str, script: str) -> None:
    settings.STATIC_URL = static_url
    assert element_script_url() == script
