"""`python -m tests.gpuworker.engines.liveportrait.seeded_worker serve …`: the worker, with tiny seeded weights."""

import sys

from gpuworker.__main__ import main
from gpuworker.rendering import process_pool
from tests.gpuworker.engines.liveportrait import seeded_child

if __name__ == "__main__":
    process_pool._enter = seeded_child.enter
    sys.exit(main())
