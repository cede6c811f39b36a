"""`make bench-acceptance`: who is let in, who is advised, and how far the thresholds are from being crossed.

Reads the astronaut and the portraits beside the project, or the folder that PORTRAITS names. There,
sub-folders are labels; pictures outside of them show people, but those with `no_human` in their names
animals:

    people/      one usable person each          animals/     no person
    closed/      a person with closed eyes       groups/      several; the name begins with how many: 3-garden.jpg
    masks/ sunglasses/ drawings/                 people of whom advice should say so

Each picture is looked at as it is and in every variant of variants.py. Masks, dark lenses and closed
lids are painted on people besides. Put many pictures there: with few, a margin says little.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from gpuworker.contract import STANDARD_FRAME, Size
from gpuworker.errors import RenderError
from gpuworker.images import photo
from gpuworker.vision import bundled_networks, faces, framing
from gpuworker.vision.covering import DARK_LENS, MASK_COLOUR
from gpuworker.vision.faces import Face
from gpuworker.vision.region import Picture
from tests.bench.figures import REPOSITORY, Figure, publish
from tests.bench.photos import SUFFIXES
from tests.bench.variants import VARIANTS, in_a_mask, in_sunglasses, shut

LABELS = ("people", "animals", "closed", "groups", "masks", "sunglasses", "drawings")
LONGEST = 2048
SECONDS_BAR = 0.35
TOLD = {
    "closed": "may be closed",
    "mask": "covers nose and mouth",
    "sunglasses": "sunglasses",
    "drawing": "drawing",
    "padding": "smeared",
}


@dataclass(frozen=True)
class Look:
    """The largest face of one picture in one variant. code: why it is refused, "" when it is not."""

    label: str
    picture: str
    variant: str
    face: Face
    code: str
    advice: str
    seconds: float

    @property
    def sure(self) -> bool:
        return self.face.presence >= faces.SURE_PRESENCE

    @property
    def usable(self) -> bool:
        """Whether the face has a size and turn at which the person should be let in."""
        return self.face.width >= faces.MIN_WIDTH and abs(self.face.yaw) <= faces.MAX_YAW


def main() -> None:
    bundled_networks.warm()
    cv2.setNumThreads(1)
    looks: list[Look] = []
    groups: list[tuple[int, int]] = []
    for label, name, pixels in pictures():
        if label == "groups":
            found = [face for face in faces.find(pixels) if face.human]
            groups.append((int(name.split("-")[0]), len(found)))
        else:
            looks += _looks(label, name, pixels)
    publish("acceptance", _gate(looks) + _groups(groups) + _eyes(looks) + _told(looks) + _margins(looks))


def pictures() -> Iterator[tuple[str, str, Picture]]:
    """Label, name and pixels of each."""
    yield "people", "astronaut", skimage.data.astronaut()
    folder = Path(os.environ.get("PORTRAITS", REPOSITORY.parent / "shared" / "portraits"))
    if not folder.is_dir():
        print(f"{folder} is not there; only the astronaut is looked at. PORTRAITS=dir names another folder.")
        return
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        label = path.parent.name if path.parent.name in LABELS else "people"
        try:
            pixels = photo.read(path.read_bytes()).pixels
        except RenderError as error:
            print(f"{path.name} is left out: {error.sentence}")
            continue
        yield ("animals" if "no_human" in path.name else label), path.name, _shrunk(pixels)


def _shrunk(pixels: Picture) -> Picture:
    scale = LONGEST / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _looks(label: str, name: str, pixels: Picture) -> Iterator[Look]:
    """Original, variants, and for people what is painted on them."""
    first = _look(label, name, "original", pixels)
    if first is None:
        print(f"{name}: nothing is taken for a face in it")
        return
    yield first
    changed: dict[str, Callable[[], Picture]] = {
        key: lambda change=change: change(pixels, [first.face]) for key, change in VARIANTS.items()
    }  # type: ignore[misc]
    if label == "people":
        painted: dict[str, Callable[[Picture, Face], Picture]] = {
            "painted shut": shut, "painted mask": in_a_mask, "painted lenses": in_sunglasses
        }  # fmt: skip
        changed |= {key: lambda paint=paint: paint(pixels, first.face) for key, paint in painted.items()}  # type: ignore[misc]
    for key, change in changed.items():
        look = _look(label, name, key, np.ascontiguousarray(change()))
        if look is not None:
            yield look


def _look(label: str, name: str, variant: str, pixels: Picture) -> Look | None:
    start = time.process_time()
    found = faces.find(pixels)
    seconds = time.process_time() - start
    if not found:
        return None
    code, advice, photo_size = "", "", Size(pixels.shape[1], pixels.shape[0])
    try:
        face = faces.choose(found, 0, pixels.shape)
        crop = framing.plan(face, photo_size, STANDARD_FRAME, "auto")
        advice = " ".join(faces.advice(face) + framing.advice(crop, photo_size))
    except RenderError as error:
        code = error.code
    look = Look(label, name, variant, found[0], code, advice, seconds)
    if code in ("face_unclear", "eyes_closed") and label == "people" and "painted" not in variant:
        print(f"  {name}, {variant}: {code} (presence {look.face.presence:.2f}, confidence {look.face.confidence:.2f})")
    if not code and label == "animals":
        print(f"  {name}, {variant}: let in (presence {look.face.presence:.2f}, nose {look.face.nose_shade:.2f})")
    return look


# ------------------------------------------------------------------- figures


def _of(looks: Sequence[Look], label: str, variant: str | None = None) -> list[Look]:
    """Looks of one label; without a variant: the original and all that are not painted."""
    mine = [look for look in looks if look.label == label]
    return [look for look in mine if look.variant == variant or (variant is None and "painted" not in look.variant)]


def _share(name: str, looks: Sequence[Look], holds: Callable[[Look], bool]) -> list[Figure]:
    if not looks:
        return []
    return [Figure.plain(f"{name} (of {len(looks)})", sum(map(holds, looks)) / len(looks), "share")]


def _gate(looks: Sequence[Look]) -> list[Figure]:
    people = [look for look in _of(looks, "people") + _of(looks, "masks") if look.usable]
    refused = [look for look in people if look.code in ("face_unclear", "eyes_closed")]
    sure = [look for look in people if look.sure]
    masks = [look for look in _of(looks, "masks") + _of(looks, "people", "painted mask") if look.usable]
    animals = _of(looks, "animals")
    first = _of(looks, "animals", "original")
    seconds = statistics.mean(look.seconds for look in looks)
    refused_sure = sum(look.sure for look in refused)
    figures = [
        Figure.at_most(f"people refused at presence >= .95 (of {len(sure)})", refused_sure, "", 0),
        Figure.plain(f"people refused below it (of {len(people) - len(sure)})", len(refused) - refused_sure, ""),
        Figure.at_most(f"animals let in (of {len(first)})", sum(not look.code for look in first), "", 0),
        Figure.plain(f"animals let in, all variants (of {len(animals)})", sum(not look.code for look in animals), ""),
        Figure.at_most("seconds of CPU to find faces, mean", seconds, "s", SECONDS_BAR),
    ]
    return figures + _share("masked people let in", masks, lambda look: not look.code)


def _groups(groups: Sequence[tuple[int, int]]) -> list[Figure]:
    if not groups:
        return []
    shown, found = sum(shown for shown, _ in groups), sum(found for _, found in groups)
    return [Figure.plain(f"faces found in groups (of {shown})", found, "")]


def _eyes(looks: Sequence[Look]) -> list[Figure]:
    closed = _of(looks, "closed") + _of(looks, "people", "painted shut")
    told = TOLD["closed"]
    return _share("closed eyes refused", closed, lambda look: look.code == "eyes_closed") + _share(
        "closed eyes refused or advised", closed, lambda look: bool(look.code) or told in look.advice
    )


def _told(looks: Sequence[Look]) -> list[Figure]:
    """Figures of how often advice is given where it should be, and where it should not."""
    people = [look for look in _of(looks, "people") if not look.code]
    right = {
        "mask": _of(looks, "masks") + _of(looks, "people", "painted mask"),
        "sunglasses": _of(looks, "sunglasses") + _of(looks, "people", "painted lenses"),
        "drawing": _of(looks, "drawings"),
    }
    figures = []
    for kind, words in TOLD.items():
        figures += _share(f"false advice: {kind}", people, lambda look, words=words: words in look.advice)  # type: ignore[misc]
        accepted = [look for look in right.get(kind, ()) if not look.code]
        figures += _share(f"advice where due: {kind}", accepted, lambda look, words=words: words in look.advice)  # type: ignore[misc]
    return figures


def _margins(looks: Sequence[Look]) -> list[Figure]:
    """The value nearest to each threshold, on either side of it."""
    people = [look.face for look in _of(looks, "people") + _of(looks, "masks") if look.usable]
    bare = [look.face for look in _of(looks, "people") if look.usable]
    animals = [look.face for look in _of(looks, "animals")]
    shut_ones = [look.face for look in _of(looks, "people", "painted shut") + _of(looks, "closed")]
    masked = [look.face for look in _of(looks, "people", "painted mask") + _of(looks, "masks")]
    lenses = [look.face for look in _of(looks, "people", "painted lenses")]

    def sure(group: Sequence[Face]) -> list[Face]:
        return [face for face in group if face.presence >= faces.SURE_PRESENCE]

    def doubtful(group: Sequence[Face]) -> list[Face]:
        return [face for face in sure(group) if face.confidence < faces.SURE_CONFIDENCE]

    def nose(face: Face) -> float:
        return face.nose_shade

    def confidence(face: Face) -> float:
        return face.confidence

    def light(face: Face) -> float:
        return face.covering.eye_light

    def colour(face: Face) -> float:
        return face.covering.lower_colour

    def opening(face: Face) -> float:
        return max(face.apertures)

    return [
        *_nearest("sure confidence", faces.SURE_CONFIDENCE, confidence, sure(people), sure(animals)),
        *_nearest("nose, where confidence is less", faces.LIGHT_NOSE, nose, doubtful(people), doubtful(animals)),
        *_nearest("confidence in a group", faces.MIN_GROUP_CONFIDENCE, confidence, sure(people), []),
        *_nearest("aperture of open eyes", faces.SHUT_APERTURE, opening, people, []),
        Figure.plain("aperture of closed eyes: median", statistics.median(map(opening, shut_ones)), ""),
        *_nearest("light of eyes", DARK_LENS, light, people, lenses),
        *_nearest("mask's colour", MASK_COLOUR, colour, masked, bare, "masks", "bare faces"),
    ]


def _nearest(
    name: str,
    threshold: float,
    value: Callable[[Face], float],
    above: Sequence[Face],
    below: Sequence[Face],
    above_name: str = "people",
    below_name: str = "the others",
) -> list[Figure]:
    """Lowest of those that should lie above, and highest of those that should lie below."""
    figures = []
    if above:
        figures.append(Figure.at_least(f"{name}: lowest of {above_name}", min(map(value, above)), "", threshold))
    if below:
        figures.append(Figure.at_most(f"{name}: highest of {below_name}", max(map(value, below)), "", threshold))
    return figures


if __name__ == "__main__":
    main()
