"""What one worker compiled is found by the next: real processes, and files spoiled in every way."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gpuworker.engines.liveportrait.compilation import compile_cache
from gpuworker.engines.liveportrait.compilation.compile_cache import CompileCache

CPU = torch.device("cpu")
REPO = Path(__file__).parents[5]

WORKER = """
import sys, tempfile, os
from pathlib import Path
os.environ["TORCHINDUCTOR_CACHE_DIR"] = tempfile.mkdtemp()  # another machine's own disk
import torch
from torch._dynamo.utils import counters
from gpuworker.engines.liveportrait.compilation.compile_cache import CompileCache
cache = CompileCache(Path(sys.argv[1]), torch.device("cpu"))
cache.load()
double = torch.compile(lambda x: torch.sigmoid(x) * 2, fullgraph=True, dynamic=False)
assert double(torch.zeros(4)).tolist() == [1.0] * 4
print(counters["inductor"]["fxgraph_cache_hit"], counters["inductor"]["fxgraph_cache_miss"])
before = cache.path.stat().st_mtime_ns if cache.path.exists() else None
cache.save()
print("kept" if cache.path.stat().st_mtime_ns != before else "left")
"""


def worker(folder: Path) -> list[str]:
    """hits, misses and what became of the file."""
    line = [sys.executable, "-c", WORKER, str(folder)]
    return subprocess.run(line, cwd=REPO, check=True, capture_output=True, text=True, timeout=200).stdout.split()


@pytest.mark.slow
def test_the_next_worker_finds_it_and_a_spoiled_one_is_made_anew(tmp_path: Path) -> None:
    assert worker(tmp_path) == ["0", "1", "kept"]
    assert worker(tmp_path) == ["1", "0", "left"]
    path = CompileCache(tmp_path, CPU).path
    path.write_bytes(path.read_bytes()[:-1])
    assert worker(tmp_path) == ["0", "1", "kept"]


@pytest.fixture
def cache(tmp_path: Path) -> CompileCache:
    """With a file that is whole, and nothing that torch could use."""
    made = CompileCache(tmp_path, CPU)
    compile_cache._write(made.path, b"no artifacts")
    return made


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What torch was given."""
    given: list[bytes] = []
    monkeypatch.setattr(torch.compiler, "load_cache_artifacts", given.append)
    return given


def test_the_file_lies_beside_the_weights_and_names_torch_and_the_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H100 80GB/HBM3")
    path = CompileCache(tmp_path, torch.device("cuda")).path
    assert path.parent == tmp_path / "compiled"
    assert path.name == f"torch-{torch.__version__}-NVIDIA-H100-80GB-HBM3.cache"
    assert path != CompileCache(tmp_path, CPU).path


def test_what_is_whole_is_given_to_torch(cache: CompileCache, loaded: list[bytes]) -> None:
    cache.load()
    assert loaded == [b"no artifacts"]


def test_nothing_there_is_nothing_to_say(tmp_path: Path, caplog: pytest.LogCaptureFixture, loaded: list[bytes]) -> None:
    CompileCache(tmp_path, CPU).load()
    assert (loaded, caplog.records) == ([], [])


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 100])
def test_a_file_that_is_not_whole_is_only_a_line_in_the_log(
    cache: CompileCache, content: bytes, caplog: pytest.LogCaptureFixture, loaded: list[bytes]
) -> None:
    cache.path.write_bytes(content)
    cache.load()
    assert loaded == []
    assert "is not used: it is not whole" in caplog.text


@pytest.mark.parametrize("mode", [0o660, 0o606, 0o666])
def test_a_file_that_others_could_have_written_is_not_run(
    cache: CompileCache, mode: int, caplog: pytest.LogCaptureFixture, loaded: list[bytes]
) -> None:
    cache.path.chmod(mode)
    cache.load()
    assert loaded == []
    assert "others may write to it" in caplog.text


def test_a_file_of_another_user_is_not_run(
    cache: CompileCache, monkeypatch: pytest.MonkeyPatch, loaded: list[bytes]
) -> None:
    owned_by = os.stat_result((0o100600, 0, 0, 1, os.getuid() + 12345, 0, 0, 0, 0, 0))
    monkeypatch.setattr(os, "fstat", lambda file: owned_by)
    cache.load()
    assert loaded == []


def test_what_torch_cannot_read_is_only_a_line_in_the_log(
    cache: CompileCache, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.load()
    assert "torch cannot read it" in caplog.text

    def another_version(content: bytes) -> None:
        raise AssertionError("Artifact of type=later not registered")

    monkeypatch.setattr(torch.compiler, "load_cache_artifacts", another_version)
    cache.load()
    assert "not registered" in caplog.text


def test_a_folder_that_cannot_be_written_is_only_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "compiled").write_text("a file where the folder should be")
    monkeypatch.setattr(torch.compiler, "save_cache_artifacts", lambda: (b"new", None))
    cache = CompileCache(tmp_path, CPU)
    cache._known = set()
    monkeypatch.setattr(compile_cache, "_keys", lambda info: {"new"})
    with caplog.at_level(logging.INFO):
        cache.save()
    assert "cannot be kept for the next worker" in caplog.text


def test_what_is_kept_is_for_this_user_alone_and_no_part_of_it_stays(cache: CompileCache) -> None:
    assert cache.path.stat().st_mode & 0o777 == 0o600
    assert list(cache.path.parent.iterdir()) == [cache.path]
    assert compile_cache._read(cache.path) == b"no artifacts"


def test_what_failed_is_forgotten(cache: CompileCache) -> None:
    cache.forget()
    assert not cache.path.exists()
    cache.forget()
