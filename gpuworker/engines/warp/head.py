"""The head's own axes and measures, in frame pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpuworker.vision.topology import CHIN, FOREHEAD, LEFT_CHEEK, OUTER_CORNERS, RIGHT_CHEEK

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Head:
    """centre, right, down: 2-vectors (right and down are unit vectors along the rolled head);
    width and height: cheek to cheek and forehead to chin in 3-D; eye_span: between the outer corners;
    yaw: degrees, + when the face is turned to the viewer's right."""

    centre: Vector
    right: Vector
    down: Vector
    width: float
    height: float
    eye_span: float
    yaw: float
    chin: Vector

    @classmethod
    def measure(cls, landmarks: NDArray[np.float64]) -> Head:
        """landmarks: (478, 3) in frame pixels, z negative towards the viewer."""
        left, right = landmarks[list(OUTER_CORNERS), :2]
        roll = np.arctan2(*(right - left)[::-1])
        across = landmarks[RIGHT_CHEEK] - landmarks[LEFT_CHEEK]
        return cls(
            centre=landmarks[[LEFT_CHEEK, RIGHT_CHEEK, FOREHEAD, CHIN], :2].mean(0),
            right=np.array([np.cos(roll), np.sin(roll)]),
            down=np.array([-np.sin(roll), np.cos(roll)]),
            width=float(np.linalg.norm(across)),
            height=float(np.linalg.norm(landmarks[FOREHEAD] - landmarks[CHIN])),
            eye_span=float(np.linalg.norm(right - left)),
            yaw=float(np.degrees(np.arctan2(across[2], across[0]))),
            chin=landmarks[CHIN, :2].copy(),
        )
