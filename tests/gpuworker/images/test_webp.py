from __future__ import annotations

import io

import pytest
from PIL import Image

from gpuworker.contract import Size
from gpuworker.images import webp


@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}, {"xmp": b"<x/>"}, {"exact": True}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_size_of_every_kind_is_read_from_its_head(mode: str, options: dict[str, object]) -> None:
    file = io.BytesIO()
    Image.new(mode, (613, 47), (1, 2, 3, 4)[: len(mode)]).save(file, "WEBP", **options)
    assert webp.size(file.getvalue()[: webp.HEAD]) == Size(613, 47)


def test_what_is_no_webp_has_no_size() -> None:
    assert webp.size(b"") is None
    assert webp.size(b"<!doctype html><title>Please wait a moment</title>") is None
    assert webp.size(b"RIFF\0\0\0\0WEBPJUNK" + bytes(20)) is None


def test_a_stand_ins_head_declares_its_size() -> None:
    assert webp.size(webp.head(Size(6150, 7680))) == Size(6150, 7680)
