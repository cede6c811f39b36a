"""One eye's own coordinates: u along the corners, v down from their middle, in source pixels.

Source pixels are those of the supersampled picture (twice the frame). Everything an eye does is
said in eye widths, so that it does not depend on the picture's size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from gpuworker.engines.warp.smooth import Field
from gpuworker.vision.topology import EYES, Side

Vector = NDArray[np.float64]

LEAST_APERTURE = 0.12
LEAST_WIDTH = 16.0
"""Source pixels. Below either bound an eye cannot be rendered: nothing of it can be seen."""


@dataclass(slots=True)
class Eye:
    """A box of source pixels around one eye.

    box: x0, y0, x1, y1; pixels: (h, w, 3) float32 RGB 0 … 255 as photographed;
    u, v: (h, w) each pixel centre's own coordinates; upper, lower: (h, w) v of the lid margin at its u;
    iris: (2,) centre in u, v; radius: of the iris, source pixels; inner: +1 where +u is towards the nose;
    likeness: (h, w) −1 … 1, positive where a pixel has the iris's colours (−1 until the limbus is found);
    softness: source pixels to either side of the limbus in which a blurred photo goes from iris to white.
    """

    side: Side
    inner: int
    width: float
    middle: Vector
    along: Vector
    down: Vector
    box: tuple[int, int, int, int]
    pixels: NDArray[np.float32]
    u: Field
    v: Field
    upper: Field
    lower: Field
    upper_lid: NDArray[np.float64]
    lower_lid: NDArray[np.float64]
    iris: Vector
    radius: float
    likeness: Field
    candidates: list[Vector] = field(default_factory=list)
    softness: float = 0.0

    @classmethod
    def measure(
        cls, side: Side, picture: NDArray[np.uint8], landmarks: NDArray[np.float64], candidates: NDArray[np.float64]
    ) -> Eye:
        """picture: (H, W, ≥3) uint8; landmarks: (478, 3) and candidates: (3, 2) iris centres, both in source pixels."""
        topology = EYES[side]
        points = landmarks[:, :2]
        left, right = points[list(topology.corners)]
        width = float(np.linalg.norm(right - left))
        along = (right - left) / width
        down = np.array([-along[1], along[0]])
        middle = (left + right) / 2
        box = _box(middle, width, picture.shape)
        x, y = np.meshgrid(np.arange(box[0], box[2]) + 0.5 - middle[0], np.arange(box[1], box[3]) + 0.5 - middle[1])
        u = (x * along[0] + y * along[1]).astype(np.float32)
        v = (x * down[0] + y * down[1]).astype(np.float32)

        def own(p: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.stack([(p - middle) @ along, (p - middle) @ down], axis=-1)

        upper_lid, lower_lid = own(points[list(topology.upper)]), own(points[list(topology.lower)])
        iris = own(points[list(topology.iris)])
        spokes = np.linalg.norm(iris[1:] - iris[0], axis=1)
        return cls(
            side=side,
            inner=topology.inner,
            width=width,
            middle=middle,
            along=along,
            down=down,
            box=box,
            pixels=picture[box[1] : box[3], box[0] : box[2], :3].astype(np.float32),
            u=u,
            v=v,
            upper=lid_curve(upper_lid, u),
            lower=lid_curve(lower_lid, u),
            upper_lid=upper_lid,
            lower_lid=lower_lid,
            iris=iris[0],
            radius=float(spokes.max() + spokes.mean()) / 2,
            likeness=np.full(u.shape, -1, np.float32),
            candidates=list(own(candidates)),
        )

    @property
    def aperture(self) -> float:
        """Opening between the lid margins around the middle, in eye widths."""
        return float((self.lower - self.upper)[np.abs(self.u) < 0.15 * self.width].mean()) / self.width

    @property
    def visible(self) -> bool:
        return self.aperture > LEAST_APERTURE and self.width > LEAST_WIDTH

    @property
    def below_upper(self) -> Field:
        """(h, w) pixels below the upper lid margin, > 0 inside the opening."""
        return self.v - self.upper

    @property
    def above_lower(self) -> Field:
        """(h, w) pixels above the lower lid margin, > 0 inside the opening."""
        return self.lower - self.v

    @property
    def from_iris(self) -> Field:
        """(h, w) pixels from the iris centre."""
        return np.asarray(np.hypot(self.u - self.iris[0], self.v - self.iris[1]), np.float32)

    def sample(self, image: NDArray[np.float32], u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float32]:
        """image (h, w[, C]) over this eye's box, bilinear at any (u, v) of one shape; the border repeats."""
        x = self.middle[0] + u * self.along[0] + v * self.down[0] - self.box[0] - 0.5
        y = self.middle[1] + u * self.along[1] + v * self.down[1] - self.box[1] - 0.5
        maps = x.astype(np.float32), y.astype(np.float32)
        return np.asarray(cv2.remap(image, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _box(middle: Vector, width: float, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The eye with room for lids and their fold, inside the picture."""
    x0, y0 = np.floor(middle - np.array([0.85, 0.62]) * width).astype(int)
    x1, y1 = np.ceil(middle + np.array([0.85, 0.50]) * width).astype(int)
    return max(int(x0), 0), max(int(y0), 0), min(int(x1), shape[1]), min(int(y1), shape[0])


def lid_curve(points: NDArray[np.float64], u: NDArray[np.floating]) -> Field:
    """v of a lid margin at every u: monotone cubic through its landmarks, flat beyond its ends."""
    points = points[np.argsort(points[:, 0])]
    at = points[:, 0] + np.arange(len(points)) * 1e-4  # two landmarks may share a u
    dense = np.linspace(at[0], at[-1], 200)
    return np.asarray(np.interp(u, dense, PchipInterpolator(at, points[:, 1])(dense)), np.float32)
