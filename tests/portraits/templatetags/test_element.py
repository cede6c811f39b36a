"""Template tag of the element's script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import get_template
from django.test import Client
from pytest_django import Settings

from portraits.models import Portrait, ShareLink
from portraits.sharing.element_script import CURRENT
from portraits.templatetags.element import element_script

FOLDER = f"/element/{CURRENT.version}"
BUNDLED = (
    f'<link rel="modulepreload" href="{FOLDER}/gaze-tracker-rig.min.js">'
    f'<script type="module" src="{FOLDER}/gaze-tracker.min.js"></script>'
)


def test_pages_load_the_script_and_its_part_for_rigs_at_once() -> None:
    assert element_script() == BUNDLED


def test_while_one_changes_the_element_pages_load_its_sources(settings: Settings) -> None:
    settings.DEBUG = True
    assert element_script() == '<script type="module" src="/static/gaze/define.js"></script>'


@pytest.mark.parametrize("name", ["portraits/_tracker.html", "admin/portraits/live.html"])
def test_every_template_with_a_portrait_uses_the_tag(name: str) -> None:
    template: Any = get_template(name)  # of Django's own engine, whose templates keep their source
    source = template.template.source
    assert "{% element_script %}" in source


def test_a_shared_page_asks_for_no_other_script_of_the_element(anonymous: Client, portrait: Portrait) -> None:
    _, token = ShareLink.create_for(portrait)
    for address in (f"/s/{token}/", f"/s/{token}/embed/"):
        text = anonymous.get(address).content.decode()
        assert BUNDLED in text
        assert re.findall(r'"(/static/gaze/[^"]+)"', text) == []
