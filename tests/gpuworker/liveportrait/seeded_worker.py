"""`python -m tests.gpuworker.liveportrait.seeded_worker serve …`: the worker, with tiny seeded weights."""

import sys

from gpuworker import crew
from gpuworker.__main__ import main
from tests.gpuworker.liveportrait import seeded_child

if __name__ == "__main__":
    crew._enter = seeded_child.enter
    sys.exit(main())
