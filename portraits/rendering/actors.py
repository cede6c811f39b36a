"""Dramatiq actors of the queue: each is short and safe to run twice.

A message says only that there is work, so it names no render: which one begins, the rows say (queue/scheduling.py).
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
def run_render() -> None:
    """One attempt at the first pass that is in turn. The rows say whether there is another, not the queue."""
    if run_next(HERE):
        broker.send(run_render)


@dramatiq.actor(queue_name=ELSEWHERE, max_retries=0, time_limit=TWO_HOURS)
def run_refinement() -> None:
    """One attempt at the refined pass that is in turn, on a GPU somewhere else."""
    if run_next(ELSEWHERE):
        broker.send(run_refinement)
