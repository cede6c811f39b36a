"""Dramatiq actors of the queues: each is short and safe to run twice, and is named after its queue.

A message says only that there is work, so it names no render: which one begins, the rows say (queue/scheduling.py).
"""

from __future__ import annotations

import dramatiq

from portraits.queue import broker
from portraits.queue.broker import REFINEMENT, RIG, SHEETS
from portraits.rendering.attempt import run_next

FOUR_MINUTES = 240_000
TWENTY_MINUTES = 1_200_000
"""Sheets stand back behind everything else on their machine."""
TWO_HOURS = 7_200_000
"""A rented machine may take twenty minutes to load its image, three times over."""


@dramatiq.actor(queue_name=RIG, actor_name=RIG, max_retries=0, time_limit=FOUR_MINUTES)
def run_first_pass() -> None:
    """One attempt at the first pass that is in turn. The rows say whether there is another, not the queue."""
    if run_next(RIG):
        broker.send(run_first_pass)


@dramatiq.actor(queue_name=SHEETS, actor_name=SHEETS, max_retries=0, time_limit=TWENTY_MINUTES)
def run_sheets() -> None:
    """One attempt at the sheets that are in turn."""
    if run_next(SHEETS):
        broker.send(run_sheets)


@dramatiq.actor(queue_name=REFINEMENT, actor_name=REFINEMENT, max_retries=0, time_limit=TWO_HOURS)
def run_refinement() -> None:
    """One attempt at the refined pass that is in turn, on a GPU somewhere else."""
    if run_next(REFINEMENT):
        broker.send(run_refinement)
