"""Conversion to 8-bit sRGB from what a file says of its colours: ICC profile, code points (H.273), PNG's gamma.

Transfer functions and primaries are read as browsers read them. HDR is brought to SDR with diffuse white at
203 cd/m² (ITU-R BT.2408): what is no brighter stays as it is, highlights are compressed into what is left.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFilter

from gpuworker.images import icc
from gpuworker.images.image_headers import Cicp, Header

Floats = NDArray[np.float64]

REFERENCE_WHITE = 203.0
"""cd/m² of diffuse white in HDR, which is SDR's brightest."""
KNEE = 0.6
"""Linear SDR light above which a picture with highlights is compressed."""
BRIGHTEST_SHARE = 99.8
"""Percentile that counts as a picture's brightest, so that noise does not."""

LATTICE = 65
"""Points to an axis of the lookup table, the most that Pillow takes; between them it interpolates."""

LINEAR, SRGB_TRANSFER, PQ, HLG = 8, 13, 16, 18
VIDEO_TRANSFERS = frozenset((1, 6, 11, 12, 14, 15))
"""Transfer functions of Rec. 709 and its relatives."""

_D65 = (0.3127, 0.3290)
_REC709 = (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
PRIMARIES: dict[int, tuple[float, ...]] = {
    1: _REC709,
    4: (0.310, 0.316, 0.670, 0.330, 0.210, 0.710, 0.140, 0.080),
    5: (*_D65, 0.640, 0.330, 0.290, 0.600, 0.150, 0.060),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    10: (1 / 3, 1 / 3, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
"""H.273's number → white, red, green and blue as x, y."""

_SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

# Errors that ImageCms raises for garbage.
_GARBAGE = (ImageCms.PyCMSError, OSError, ValueError, TypeError, SyntaxError)


Converter = Callable[[Image.Image], Image.Image]
"""Function from a part of a picture to the same part as RGB in sRGB."""


def converter(overview: Image.Image, header: Header, profile: bytes | None) -> Converter | None:
    """The conversion of a picture; None when it is in sRGB already. A garbled or foreign profile is passed over.

    overview: the picture, small, in its own mode: for HDR its highlights are measured. In PNG, code points come
    before the profile, unless one of them is unspecified; in AVIF and HEIC the profile before the code points.
    """
    png, cicp = header.kind == "PNG", header.cicp
    if png and cicp and (profile or header.gamma) and not _are_known(cicp):
        cicp = None
    if profile and not (png and cicp):
        found = _by_profile(overview, profile)
        if found is not None:
            return found if found is not _SAME else None
    if cicp:
        return _by_code_points(overview, cicp, strict=png)
    if header.gamma and not header.srgb:
        return _by_gamma(header.gamma, header.chromaticities)
    return None


def _are_known(cicp: Cicp) -> bool:
    return cicp.primaries in PRIMARIES and cicp.transfer in TRANSFERS


def _by_gamma(gamma: float, chromaticities: tuple[float, ...] | None) -> Converter | None:
    """gamma: the exponent of encoding, as PNG says it."""
    if chromaticities is None and abs(gamma - 1 / 2.2) < 0.01:
        return None  # written by many programs that mean sRGB
    return _table(_power(1 / gamma), chromaticities or _REC709)


# ----------------------------------------------------------------- ICC profiles


def _SAME(image: Image.Image) -> Image.Image:  # noqa: N802  a constant that is a function
    return image


def _by_profile(overview: Image.Image, profile: bytes) -> Converter | None:
    """None when the profile is of no use, or could take any amount of work."""
    if not icc.is_bounded(profile):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if overview.mode == "RGB" and (source.profile.profile_description or "").startswith("sRGB"):
            return _SAME  # by far the most common: saves 0.1 s on a phone's photo
        code_points = _code_points_of(profile)
        if overview.mode == "RGB" and code_points and code_points.transfer in (PQ, HLG):
            return _by_code_points(overview, code_points, strict=True)
        mode = "RGB" if overview.mode == "L" and profile[16:20] == b"RGB " else overview.mode
        transform = ImageCms.buildTransform(source, _SRGB_PROFILE, mode, "RGB")
        if ImageCms.applyTransform(overview.convert(mode), transform) is None:
            return None
    except _GARBAGE:
        return None
    return lambda image: ImageCms.applyTransform(image.convert(mode), transform) or image.convert("RGB")


def _code_points_of(profile: bytes) -> Cicp | None:
    """An ICC profile's `cicp` tag, which HDR profiles have."""
    try:
        count = min(struct.unpack_from(">I", profile, 128)[0], 100)
        for n in range(count):
            name, at, length = struct.unpack_from(">4sII", profile, 132 + 12 * n)
            if name == b"cicp" and length >= 12:
                primaries, transfer, _, full = struct.unpack_from(">4B", profile, at + 8)
                return Cicp(primaries, transfer, bool(full))
    except struct.error:
        pass
    return None


# ------------------------------------------------------------------ code points


def _by_code_points(overview: Image.Image, cicp: Cicp, strict: bool) -> Converter | None:
    """strict: Rec. 709's transfer function is that of a display; elsewhere it is taken for sRGB's, as browsers do."""
    transfer = cicp.transfer
    if transfer not in TRANSFERS or (transfer in VIDEO_TRANSFERS and not strict):
        transfer = SRGB_TRANSFER
    primaries = PRIMARIES.get(cicp.primaries, _REC709)
    if transfer == SRGB_TRANSFER and primaries is _REC709 and cicp.full_range:
        return None
    curve = TRANSFERS[transfer]

    def light(signal: Floats) -> Floats:
        return curve(signal if cicp.full_range else ((signal * 255 - 16) / 219).clip(0, 1))

    if transfer not in (PQ, HLG):
        return _table(light, primaries)
    strongest = _linear(np.asarray(overview.convert("RGB")) / 255, light, primaries).max(axis=-1)
    return _table(light, primaries, max(1.0, float(np.percentile(strongest, BRIGHTEST_SHARE))))


def _pq(signal: Floats) -> Floats:
    """SMPTE ST 2084: signal → light, 1 is diffuse white."""
    root = signal ** (32 / 2523)
    light: Floats = (np.maximum(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)) ** (16384 / 2610)
    return light * (10_000 / REFERENCE_WHITE)


def _hlg(signal: Floats) -> Floats:
    """ITU-R BT.2100: signal → light, 1 is diffuse white, at a signal of 75 %.

    Without the system gamma that belongs to a display of 1,000 cd/m²: for one of SDR's brightness it is about 1.
    """
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)

    def scene(signal: Floats) -> Floats:
        return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)

    return scene(signal) / scene(np.array(0.75))


def _srgb(signal: Floats) -> Floats:
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _smpte240(signal: Floats) -> Floats:
    return np.where(signal < 0.0913, signal / 4, ((signal + 0.1115) / 1.1115) ** (1 / 0.45))


def _power(exponent: float, scale: float = 1.0) -> Callable[[Floats], Floats]:
    return lambda signal: scale * signal**exponent


TRANSFERS: dict[int, Callable[[Floats], Floats]] = {
    **dict.fromkeys(VIDEO_TRANSFERS, _power(2.4)),
    4: _power(2.2),
    5: _power(2.8),
    7: _smpte240,
    LINEAR: _power(1.0),
    SRGB_TRANSFER: _srgb,
    PQ: _pq,
    17: _power(2.6, 52.37 / 48),
    HLG: _hlg,
}
"""H.273's number → from signal to light, both 0 to 1 (in HDR, 1 is diffuse white)."""


# ---------------------------------------------------------------- lookup tables


def _table(
    light: Callable[[Floats], Floats], chromaticities: tuple[float, ...], brightest: float = 1.0
) -> Converter | None:
    """Conversion by a table of all colours. brightest: linear, what becomes white."""
    axis = np.linspace(0, 1, LATTICE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    try:
        linear = _linear(np.stack([red, green, blue], axis=-1), light, chromaticities)
    except np.linalg.LinAlgError:
        return None  # three primaries on a line mean nothing
    table: Any = _encoded(_compressed(linear, brightest)).astype(np.float32).ravel()
    lookup = ImageFilter.Color3DLUT(LATTICE, table)
    return lambda image: image.convert("RGB").filter(lookup)


def _linear(signal: Floats, light: Callable[[Floats], Floats], chromaticities: tuple[float, ...]) -> Floats:
    """Light in sRGB's primaries, not negative."""
    return np.maximum(light(signal) @ _to_rec709(chromaticities).T, 0)


def _compressed(linear: Floats, brightest: float) -> Floats:
    """Highlights up to `brightest` between KNEE and 1, hue kept, by Reinhard's curve; the rest as it is."""
    if brightest <= 1:
        return linear
    strongest = linear.max(axis=-1, keepdims=True)
    room = 1 - KNEE
    over, most = (strongest - KNEE) / room, (brightest - KNEE) / room
    bent = KNEE + room * over * (1 + over / most**2) / (1 + over)
    return linear * np.where(strongest > KNEE, bent / np.maximum(strongest, KNEE), 1.0)


def _encoded(linear: Floats) -> Floats:
    clipped = linear.clip(0, 1)
    return np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)


def _to_rec709(chromaticities: tuple[float, ...]) -> Floats:
    """Linear light in those primaries → in sRGB's, white adapted (Bradford)."""
    source, target = _to_xyz(chromaticities), _to_xyz(_REC709)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    cones = (bradford @ target.sum(axis=1)) / (bradford @ source.sum(axis=1))
    adapted = np.linalg.inv(bradford) @ np.diag(cones) @ bradford
    return np.asarray(np.linalg.inv(target) @ adapted @ source, np.float64)


def _to_xyz(chromaticities: tuple[float, ...]) -> Floats:
    """Columns of red, green and blue in XYZ. Raises LinAlgError for primaries that span nothing."""
    points = np.array(chromaticities, np.float64).reshape(4, 2)
    if (points[:, 1] == 0).any():
        points = np.where(points == 0, 1e-6, points)
    white, *_ = columns = [np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in points]
    matrix = np.stack(columns[1:], axis=1)
    if abs(np.linalg.det(matrix)) < 1e-9:
        raise np.linalg.LinAlgError
    return matrix * np.linalg.solve(matrix, white)
