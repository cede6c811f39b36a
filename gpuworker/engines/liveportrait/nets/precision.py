"""Operations for which half precision is not enough: coordinates, softmax and statistics are computed in 32 bits."""

from __future__ import annotations

import torch
from torch import Tensor


def wide(tensor: Tensor) -> Tensor:
    """The tensor with at least 32 bits; unchanged when it has them."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
