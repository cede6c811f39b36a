"""Half precision as a GPU has it, emulated where the CPU has none: rounded weights, rounded results.

What every module takes and gives is rounded to 16 bits and computed in 32, as tensor cores do it.
The islands of 32 bits (deformation, softmax, statistics) lie between modules and stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def in_half(net: nn.Module) -> Iterator[None]:
    """The net with rounded weights and results inside the with block."""
    weights = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    hooks = [module.register_forward_hook(_round) for module in net.modules() if not isinstance(module, nn.Identity)]
    net.load_state_dict({name: _rounded(tensor) for name, tensor in weights.items()})
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        net.load_state_dict(weights)


def _round(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> Any:
    return _rounded(output) if isinstance(output, Tensor) else None


def _rounded(tensor: Tensor) -> Tensor:
    return tensor.to(torch.float16).to(tensor.dtype) if tensor.is_floating_point() else tensor
