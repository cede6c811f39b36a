"""QR code of an address."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_django import Settings

from portraits.sharing import qr_code
from portraits.sharing.share_urls import ShareURLs


def drawn(svg: bytes) -> NDArray[np.uint8]:
    """Picture of the code, a pixel a module. The file has one path for the ground and one of horizontal strokes."""
    root = ElementTree.fromstring(svg)
    side = int(root.get("width", "0")) // qr_code.MODULE
    picture = np.full((side, side), 255, np.uint8)
    stroke = next(path for path in root.iter("{http://www.w3.org/2000/svg}path") if path.get("stroke") == "#000")
    x, y = 0, 0.0
    for kind, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", stroke.get("d", "")):
        if kind == "h":
            picture[int(y), x : x + int(first)] = 0
            x += int(first)
        else:
            x, y = (int(first), float(second)) if kind == "M" else (x + int(first), y + float(second))
    return picture


@pytest.mark.parametrize("site", ["http://127.0.0.1:3000", "https://a-rather-long-name-of-a-site.faces.example.org"])
def test_a_reader_finds_the_address(settings: Settings, site: str) -> None:
    settings.SITE_URL = site
    address = ShareURLs("Zk3-q_0aVb1cXdYe2fGh4i").page
    enlarged = np.kron(drawn(qr_code.svg(address)), np.ones((8, 8), np.uint8))
    assert cv2.QRCodeDetector().detectAndDecode(enlarged)[0] == address


def test_it_has_its_white_edge_and_no_script_or_style() -> None:
    svg = qr_code.svg("https://faces.example/s/x/")
    edge = drawn(svg)[: qr_code.QUIET_ZONE]
    assert edge.min() == 255
    assert not re.search(rb"<script|<style|style=|href| on[a-z]+=", svg)
