"""What the queue runs. Each takes an id, is short, and is safe to run twice."""

from __future__ import annotations

import dramatiq

from portraits.rendering import run

FOUR_MINUTES = 240_000


@dramatiq.actor(max_retries=0, time_limit=FOUR_MINUTES)
def run_render(render_id: str) -> None:
    """One attempt at a render, unless somebody else has it. The sweeper tries again, not the queue."""
    run(render_id)
