"""Both eyes rendered into the source picture, before the head is turned.

Layers, back to front: white, iris (foreshortened on the ball), the upper lid's shadow, lids with
lashes. Both eyes or neither, as one moving eye beside a still one looks wrong in every direction, but for an eye that
something hides: the other looks alone then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from gpuworker.engines.warp import sclera
from gpuworker.engines.warp.eye import Eye
from gpuworker.engines.warp.hair import MOST as MOST_HAIR
from gpuworker.engines.warp.hair import Hair
from gpuworker.engines.warp.iris import edge, limbus, lower_margin, own_gaze
from gpuworker.engines.warp.iris import iris as discs
from gpuworker.engines.warp.iris.iris import Iris
from gpuworker.engines.warp.lids import closing
from gpuworker.engines.warp.lids.lids import Lids
from gpuworker.grid import LIMIT, Direction
from gpuworker.vision.topology import SIDES, Side

TRAVEL_U = 0.195
"""Iris travel at x = ±15, in eye widths, where the eye has room for it."""
ORDINARY_TRAVEL = 0.162
"""Mean of both eyes that look straight ahead: the corner stops the one that goes outward a little earlier."""
TRAVEL_V = 0.065 / LIMIT
"""Iris travel per unit of y, in eye widths."""

INWARD, OUTWARD = 0.20, 0.30
"""Distance from the middle of the eye that the iris centre may go towards the nose (where the caruncle
takes room, and where too far looks crossed) and away from it, in eye widths."""

CORNER = 0.44
"""The iris's edge stays this side of the corners (at 0.5): a gaze is read from white on both sides of it."""

TOGETHER = 0.7
"""Share of the difference between both eyes' rooms by which the one with more is held back."""

LEAST_TRAVEL = 0.08
"""An eye that already looks far aside in the photo still moves so many eye widths that way."""

BALL = 2.05
"""Radius of the eyeball in iris radii."""

LEAST_CLEARNESS = 0.24
"""Least clearness of both irises together: blank and smeared eyes have none that could be moved."""

REST_REACH = 3.0
"""Within about so many grid units of straight ahead the eyes blend into the photo's own pixels."""


class BeneathHairError(Exception):
    """Hair covers so much of an eye that what is beneath cannot be told."""

    def __init__(self, sides: tuple[Side, ...]) -> None:
        super().__init__(*sides)
        self.sides = sides


@dataclass(slots=True)
class Eyes:
    """Both rendered eyes, or the one that can be seen.

    ahead: u of each iris that looks straight ahead, source pixels; photo_y: y at which they look as in the photo, grid
    units, 0 but for a photo that looks up or down; travel: how far each iris goes from ahead at full x to the left and
    to the right, in eye widths; close: whether a blink may close them.
    """

    renderers: tuple[EyeRenderer, ...]
    ahead: tuple[float, ...]
    photo_y: float
    travel: tuple[tuple[float, float], ...]
    close: bool

    @classmethod
    def build(
        cls,
        picture: NDArray[np.uint8],
        landmarks: NDArray[np.float64],
        candidates: NDArray[np.float64],
        turn: tuple[float, float] = (0.0, own_gaze.LEVEL),
        hidden: tuple[bool, bool] = (False, False),
    ) -> Eyes | None:
        """picture: (H, W, ≥3) uint8; landmarks (478, 3), candidates (2, 3, 2) in its pixels; turn: the head's yaw and
        pitch, degrees; hidden: whether something lies over an eye.

        None when an eye shows too little to be rendered, none is left, or no iris is seen. Raises BeneathHairError.
        """
        measured = (Eye.measure(side, picture, landmarks, own) for side, own in zip(SIDES, candidates, strict=True))
        eyes = [eye for eye, covered in zip(measured, hidden, strict=True) if not covered]
        if not eyes or not all(eye.visible for eye in eyes):
            return None
        left, right = eyes[0], eyes[1] if len(eyes) > 1 else replace(eyes[0])  # alone, it is its own measure
        limbus.fit_irises(left, right)
        hair = [Hair.over(eye, picture) for eye in eyes]
        if beneath := tuple(eye.side for eye, over in zip(eyes, hair, strict=True) if over and over.share > MOST_HAIR):
            raise BeneathHairError(beneath)
        if (edge.clearness(left) + edge.clearness(right)) / 2 < LEAST_CLEARNESS:
            return None
        own = own_gaze.measure(eyes, *turn)
        edge.measure_softness((left, right))
        for eye in (left, right):
            lower_margin.follow(eye)
        whites = sclera.match((left, right), (sclera.reconstruct(left), sclera.reconstruct(right)))
        irises = discs.complete(left, right)
        ahead = tuple(_ahead(eye, own) for eye in eyes)
        photo_y = own.down / TRAVEL_V
        renderers = tuple(
            EyeRenderer.of(eye, white, iris, photo_y, over)
            for eye, white, iris, over in zip(eyes, whites[: len(eyes)], irises[: len(eyes)], hair, strict=True)
        )
        return cls(renderers, ahead, photo_y, _travel(eyes, ahead), closing.can_close(left, right))

    def render_into(self, picture: NDArray[np.uint8], direction: Direction) -> None:
        """Overwrite both eyes' boxes in `picture` (H, W, ≥3) with eyes that look in `direction`."""
        at = zip(self.renderers, self.positions(direction.pupil_x), self.photo_x, strict=True)
        for renderer, u, photo_x in at:
            x0, y0, x1, y1 = renderer.eye.box
            away = (direction.x - photo_x) ** 2 + (direction.y - self.photo_y) ** 2
            nearness = float(np.exp(-away / REST_REACH**2))
            picture[y0:y1, x0:x1, :3] = renderer.render(u, direction, nearness)

    @property
    def missing(self) -> tuple[float, float]:
        """Shares of an ordinary eye's travel to the left and to the right that these have no room for."""
        left, right = np.maximum(0, 1 - np.mean(self.travel, axis=0) / ORDINARY_TRAVEL)
        return float(left), float(right)

    @property
    def photo_x(self) -> tuple[float, ...]:
        """x at which each eye looks as in the photo, grid units; 0 but for a photo that looks aside."""
        return tuple(
            _photo_x((float(renderer.eye.iris[0]) - ahead) / renderer.eye.width, travel)
            for renderer, ahead, travel in zip(self.renderers, self.ahead, self.travel, strict=True)
        )

    def positions(self, pupil_x: float) -> tuple[float, ...]:
        """u of each iris centre, strictly monotonic in pupil_x."""
        return tuple(
            ahead + renderer.eye.width * _travelled(pupil_x / LIMIT, *travel)
            for renderer, ahead, travel in zip(self.renderers, self.ahead, self.travel, strict=True)
        )


@dataclass(slots=True)
class EyeRenderer:
    """One eye: its layers, hair over them, and the photo's difference from them at rest."""

    eye: Eye
    white: NDArray[np.float32]
    iris: Iris
    lids: Lids
    rest: NDArray[np.int16]
    hair: Hair | None = None

    @classmethod
    def of(
        cls, eye: Eye, white: NDArray[np.float32], iris: Iris, photo_y: float = 0.0, hair: Hair | None = None
    ) -> EyeRenderer:
        """photo_y: y at which the eye looks as in the photo, grid units."""
        renderer = cls(eye, white, iris, Lids.of(eye, photo_y), np.zeros(eye.pixels.shape, np.int16), hair)
        synthetic = renderer.render(float(eye.iris[0]), Direction(0.0, photo_y))
        renderer.rest = np.round(eye.pixels).astype(np.int16) - synthetic
        return renderer

    def render(self, u: float, direction: Direction, nearness: float = 0.0) -> NDArray[np.uint8]:
        """(h, w, 3) uint8: the whole box, iris centre at u, lids and height by direction; nearness to the photo's own
        look, 0 … 1."""
        lid = self.lids.at(direction.pupil_y)
        ball = self._ball(u, direction.pupil_y, lid.window) * lid.shade
        box = lid.skin.copy()
        mixed = lid.window_skin + (ball - lid.window_skin) * lid.opening
        box[lid.window] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
        if nearness > 0.02:
            box = np.clip(box + np.round(self.rest * nearness), 0, 255).astype(np.uint8)
        return box if self.hair is None else self._beneath(self.hair, box)

    def _beneath(self, hair: Hair, box: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The painted box with the photo's hair over it."""
        return np.round(box + (self.eye.pixels - box) * hair.spread(self.eye)).astype(np.uint8)

    def _ball(self, u: float, y: float, window: tuple[slice, slice]) -> NDArray[np.float32]:
        """White and iris over the window, without lids."""
        eye, iris = self.eye, self.iris
        v = float(eye.iris[1]) + (y - self.lids.photo_y) * TRAVEL_V * eye.width
        # The photo's iris is already foreshortened where it stands; only the change counts.
        squeeze = _foreshortening(float(eye.iris[0]), eye.radius) / _foreshortening(u, eye.radius)
        tu = ((eye.u[window] - np.float32(u)) * np.float32(squeeze) + iris.reach).astype(np.float32)
        tv = (eye.v[window] - np.float32(v) + iris.reach).astype(np.float32)
        alpha = cv2.remap(iris.alpha, tu, tv, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0.0,))
        texture = cv2.remap(iris.texture, tu, tv, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        white = self.white[window]
        return np.asarray(white + (texture - white) * alpha[..., None], np.float32)


def _foreshortening(u: float, radius: float) -> float:
    """Width of the iris seen from the front, when its centre stands u from the middle of the ball."""
    return float(np.sqrt(max(0.5, 1 - min(0.85, abs(u) / (BALL * radius)) ** 2)))


def _travel(eyes: Sequence[Eye], ahead: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Each eye's travel to the left and to the right. The eye that has less room holds the other back
    most of the way, so that the lines of sight neither cross nor part."""
    rooms = np.array([_room(eye, start / eye.width) for eye, start in zip(eyes, ahead, strict=True)])
    shared = (1 - TOGETHER) * rooms + TOGETHER * rooms.min(axis=0)
    return tuple((float(to_left), float(to_right)) for to_left, to_right in shared)


def _room(eye: Eye, start: float) -> tuple[float, float]:
    """Travel that this iris alone has to the left and to the right of its start, in eye widths."""
    outward = min(OUTWARD, CORNER - eye.radius / eye.width)
    inward = min(INWARD, outward)
    limits = (outward, inward) if eye.inner > 0 else (inward, outward)
    rooms = limits[0] + start, limits[1] - start
    return max(LEAST_TRAVEL, min(TRAVEL_U, rooms[0])), max(LEAST_TRAVEL, min(TRAVEL_U, rooms[1]))


def _ahead(eye: Eye, own: own_gaze.OwnGaze) -> float:
    """u of the iris that looks straight ahead. Both eyes are shifted alike, as eyes turn."""
    return float(eye.iris[0]) - own.aside * eye.width


def _photo_x(off: float, travel: tuple[float, float]) -> float:
    """x that moves an iris by so many eye widths."""
    return LIMIT * off / travel[0 if off < 0 else 1]


def _travelled(share: float, to_left: float, to_right: float) -> float:
    """Travel for a share of full x, − to the left: linear, and slower where an intensity above 1 asks for more."""
    beyond = max(0.0, abs(share) - 1)
    return float(np.sign(share)) * (abs(share) - 0.7 * beyond) * (to_left if share < 0 else to_right)
