"""`make bench-recovery`: how soon a render that is closed has stopped, and how soon one whose process was killed
goes on, with every part of production in a process of its own."""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

import skimage.data
from PIL import Image

from gpuworker.clock import SYSTEM
from gpuworker.contract import RenderRequest
from gpuworker.rendering.process_pool import ProcessPool
from gpuworker.rendering.scheduler import render
from tests.bench.figures import Figure, publish
from tests.gpuworker.processes import patiently
from tests.production.conftest import bucket_client, rented, site_on_parts
from tests.production.parts import BUCKET, postgres_server, redis_server, s3_server
from tests.production.test_end_to_end import going_on, kill_job_process
from tests.runpod.fake import FakeRunPod, Timing
from tests.runpod.machines import PaperMachines
from tests.runpod.served import ServedRunPod

CLOSED_BAR, RESUMED_BAR = 1.0, 20.0


def main() -> None:
    file = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(file, "JPEG", quality=92)
    photo = file.getvalue()
    publish(
        "recovery",
        [
            Figure.at_most("a render closed in its middle → stopped", closed(photo), "s", CLOSED_BAR),
            Figure.at_most("job process killed → its render goes on", resumed(photo), "s", RESUMED_BAR),
        ],
    )


def closed(photo: bytes) -> float:
    """Seconds."""
    with tempfile.TemporaryDirectory(prefix="gaze-bench-") as home, ProcessPool(size=2) as pool:
        steps = render(RenderRequest(photo=photo), Path(home) / "out", pool)
        for step in steps:
            if step.stage == "rendering" and step.current > 300:
                break
        start = time.perf_counter()
        steps.close()
        return time.perf_counter() - start


def resumed(photo: bytes) -> float:
    """Seconds."""
    provider = ServedRunPod(FakeRunPod(SYSTEM, PaperMachines(SYSTEM), timing=Timing(), quota=None))
    with (
        tempfile.TemporaryDirectory(prefix="gaze-bench-") as home,
        redis_server() as (_, redis),
        postgres_server() as (_, postgres),
        s3_server() as (_, s3),
    ):
        with bucket_client(s3) as client:
            client.create_bucket(Bucket=BUCKET)
        try:
            with site_on_parts(Path(home) / "site", "recovery", redis, postgres, s3, **rented(provider)) as site:
                site.start_web()
                work, person = site.run("work", "--no-demo"), site.person()
                session = person.session_of(person.upload(photo))
                assert patiently(lambda: person.progress(session)["current"] > 100, 240)
                kill_job_process(work)
                start = time.perf_counter()
                assert patiently(lambda: going_on(person.progress(session)), 240)
                return time.perf_counter() - start
        finally:
            provider.close()


if __name__ == "__main__":
    main()
