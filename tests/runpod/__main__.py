"""`python -m tests.runpod --port 9000`: the fake with real workers, to try a site's configuration against."""

from __future__ import annotations

import argparse
import sys
import threading

from gpuworker.clock import SYSTEM
from tests.runpod.fake import KEY, FakeRunPod, Timing
from tests.runpod.machines import LocalMachines
from tests.runpod.served import ServedRunPod


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.runpod")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--starting", type=float, default=3.0, help="seconds until a pod runs")
    options = parser.parse_args()
    timing = Timing(provisioning=1.0, starting=options.starting, silent=1.0)
    served = ServedRunPod(FakeRunPod(SYSTEM, LocalMachines(), timing=timing, quota=None), options.port)
    sys.stdout.write(f"RUNPOD_API_KEY={KEY}\n")
    sys.stdout.write(f"RUNPOD_REST_URL={served.rest}\n")
    sys.stdout.write(f"RUNPOD_SERVERLESS_URL={served.serverless}\n")
    sys.stdout.write(f"RUNPOD_PROXY_URL={served.proxy}\n")
    sys.stdout.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        served.close()


if __name__ == "__main__":
    main()
