"""What the queue runs. Each is short and safe to run twice.

The id says who has asked; whose turn it is, the rows say (scheduling.py).
"""

from __future__ import annotations

import dramatiq

from portraits.queue import broker
from portraits.queue.broker import ELSEWHERE, HERE
from portraits.rendering.attempt import run_next

FOUR_MINUTES = 240_000
TWO_HOURS = 7_200_000
"""A rented machine may take twenty minutes to load its image, three times over."""


@dramatiq.actor(queue_name=HERE, max_retries=0, time_limit=FOUR_MINUTES)
def run_render(render_id: str) -> None:
    """One attempt at a first pass. The rows say whether there is another, not the queue."""
    again = run_next("here")
    if again is not None:
        broker.send(run_render, again)


@dramatiq.actor(queue_name=ELSEWHERE, max_retries=0, time_limit=TWO_HOURS)
def run_refinement(render_id: str) -> None:
    """One attempt at a refined pass, on a GPU somewhere else."""
    again = run_next("elsewhere")
    if again is not None:
        broker.send(run_refinement, again)
