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
    yaw, pitch: degrees, + when the face is turned to the viewer's right and down; a level one's chin lies some 7° deep.
    """

    centre: Vector
    right: Vector
    down: Vector
    width: float
    height: float
    eye_span: float
    yaw: float
    pitch: float
    chin: Vector

    @classmethod
    def measure(cls, landmarks: NDArray[np.float64]) -> Head:
        """landmarks: (478, 3) in frame pixels, z negative towards the viewer."""
        left, right = landmarks[list(OUTER_CORNERS), :2]
        roll = np.arctan2(*(right - left)[::-1])
        right_axis = np.array([np.cos(roll), np.sin(roll)])
        down_axis = np.array([-np.sin(roll), np.cos(roll)])
        across, along = landmarks[RIGHT_CHEEK] - landmarks[LEFT_CHEEK], landmarks[CHIN] - landmarks[FOREHEAD]
        return cls(
            centre=landmarks[[LEFT_CHEEK, RIGHT_CHEEK, FOREHEAD, CHIN], :2].mean(0),
            right=right_axis,
            down=down_axis,
            width=float(np.linalg.norm(across)),
            height=float(np.linalg.norm(along)),
            eye_span=float(np.linalg.norm(right - left)),
            yaw=float(np.degrees(np.arctan2(across[2], across[0]))),
            pitch=float(np.degrees(np.arctan2(along[2], along[:2] @ down_axis))),
            chin=landmarks[CHIN, :2].copy(),
        )
