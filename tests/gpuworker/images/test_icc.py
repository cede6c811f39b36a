"""ICC profiles of bounded work, and the others, which are passed over."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image, ImageCms

from gpuworker.images import icc, photo
from tests.gpuworker.images.test_photo import DISPLAY_P3, icc_profile

P3 = icc_profile(DISPLAY_P3)
MATRIX = b"matf" + bytes(4) + struct.pack(">HH12f", 3, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)


def with_tag(name: bytes, content: bytes, profile: bytes = P3) -> bytes:
    """The profile with one more tag."""
    count = struct.unpack_from(">I", profile, 128)[0]
    end = 132 + 12 * count
    entries = b"".join(
        struct.pack(">4sII", tag, at + 12, length) for tag, at, length in struct.iter_unpack(">4sII", profile[132:end])
    )
    added = struct.pack(">4sII", name, len(profile) + 12, len(content))
    longer = struct.pack(">I", count + 1) + entries + added + profile[end:] + content
    return struct.pack(">I", 128 + len(longer)) + profile[4:8] + b"\x04\x30\0\0" + profile[12:128] + longer


def chain(elements: int) -> bytes:
    """A tag of processing elements that are all the same bytes."""
    places = struct.pack(">II", 16 + 8 * elements, len(MATRIX)) * elements
    return b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, elements) + places + MATRIX


def table(kind: bytes, side: int, inputs: int = 3) -> bytes:
    """A lookup table that claims a number of points that it does not have."""
    if kind in (b"mft1", b"mft2"):
        return kind + bytes(4) + bytes([inputs, 3, side, 0]) + bytes(40)
    return (
        kind + bytes(4) + bytes([inputs, 3, 0, 0]) + struct.pack(">5I", 0, 0, 0, 32, 0) + bytes([side] * 16 + [2] * 4)
    )


UNBOUNDED = {
    "a chain of elements": with_tag(b"D2B0", chain(2_000)),
    "a chain for another intent": with_tag(b"D2B1", chain(1)),
    "a chain under another name": with_tag(b"A2B0", chain(1)),
    "a chain back": with_tag(b"B2D0", chain(1)),
    "a table of 8 bits": with_tag(b"A2B0", table(b"mft1", 255)),
    "a table of 16 bits": with_tag(b"A2B0", table(b"mft2", 255)),
    "a table of many inputs": with_tag(b"A2B0", table(b"mft2", 255, 255)),
    "a table with curves": with_tag(b"A2B0", table(b"mAB ", 255)),
    "a table back": with_tag(b"B2A0", table(b"mBA ", 255)),
    "too many tags": P3[:128] + struct.pack(">I", icc.MAX_TAGS + 1) + P3[132:] + bytes(2_000),
    "too long": P3 + bytes(icc.MAX_BYTES),
    "a list of named colours": P3[:12] + b"nmcl" + P3[16:],
    "a link of two devices": P3[:12] + b"link" + P3[16:],
    "too short": P3[:140],
    "nothing": b"",
}


@pytest.mark.parametrize("profile", UNBOUNDED.values(), ids=UNBOUNDED.keys())
def test_a_profile_of_unbounded_work_is_known(profile: bytes) -> None:
    assert not icc.is_bounded(profile)


def test_usual_profiles_are_bounded() -> None:
    assert icc.is_bounded(P3)
    assert icc.is_bounded(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert icc.is_bounded(with_tag(b"A2B0", table(b"mft2", 3)))
    assert icc.is_bounded(with_tag(b"A2B0", table(b"mAB ", 3)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_no_colour_engine_sees_a_profile_of_unbounded_work(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> None:
        raise AssertionError("the profile was read")

    file = io.BytesIO()
    Image.new("RGB", (64, 64), (90, 80, 70)).save(file, kind, icc_profile=with_tag(b"D2B0", chain(2_000)))
    monkeypatch.setattr(ImageCms, "ImageCmsProfile", read)
    assert abs(photo.read(file.getvalue()).pixels[32, 32].astype(int) - (90, 80, 70)).max() < 4
