import os
import subprocess
import sys

import pytest

from gpuworker.rendering.shared_memory import SharedMemory, attach


def test_what_one_process_writes_the_other_reads() -> None:
    with SharedMemory(1 << 20) as memory:
        view = attach(memory.path)
        code = "import sys; from gpuworker.rendering.shared_memory import attach; attach(sys.argv[1])[5:8] = b'abc'"
        subprocess.run([sys.executable, "-c", code, memory.path], check=True)
        assert view[5:8] == b"abc"
        assert len(view) == 1 << 20
        view.close()


def test_nothing_is_left_after_closing() -> None:
    memory = SharedMemory(4096)
    memory.close()
    with pytest.raises(FileNotFoundError):
        attach(memory.path)


def test_memory_is_only_taken_when_it_is_used() -> None:
    """A whole quadrant is reserved at once; a preview must not pay for it."""
    with SharedMemory(1 << 30) as memory:
        assert os.stat(memory.path).st_blocks == 0
