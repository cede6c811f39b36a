"""Weights from a mirror on this machine: whole, resumed, wrong, missing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gpuworker import weights
from gpuworker.__main__ import main
from gpuworker.errors import BadRequest, OutputFailed, WrongWeights
from gpuworker.weights import Checkpoint

CONTENT = {"base/one.pth": bytes(range(256)) * 40, "base/deep/two.pth": b"weights" * 999}


class Mirror(ThreadingHTTPServer):
    """Serves CONTENT; `breaks` ends each answer after that many bytes; `asked` keeps path and Range."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, str | None]] = []
        self.content = dict(CONTENT)
        self.breaks: int | None = None
        self.ranges = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/some/where/"


class Answer(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        path = self.path.removeprefix("/some/where/")
        asked = self.headers.get("Range")
        self.server.asked.append((path, asked))
        content = self.server.content.get(path)
        if content is None:
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = len(content) if self.server.breaks is None else start + self.server.breaks
        self.wfile.write(content[start:end])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


MATTE = b"a matting model" * 99


@pytest.fixture
def matting(monkeypatch: pytest.MonkeyPatch, mirror: Mirror) -> Checkpoint:
    """A stand-in for the matting model, which the mirror has too."""
    digest = hashlib.sha256(MATTE).hexdigest()
    stand_in = Checkpoint("matte.onnx", len(MATTE), digest, mirror.address, "--which matting ")
    mirror.content[stand_in.path] = MATTE
    monkeypatch.setattr(weights, "MATTING", stand_in)
    return stand_in


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> dict[str, Checkpoint]:
    known = {
        Path(path).stem: Checkpoint(path, len(content), hashlib.sha256(content).hexdigest())
        for path, content in CONTENT.items()
    }
    monkeypatch.setattr(weights, "CHECKPOINTS", known)
    return known


def present(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_is_fetched_and_verified(mirror: Mirror, tmp_path: Path) -> None:
    assert weights.fetch(tmp_path, mirror.address) == [tmp_path / path for path in CONTENT]
    assert present(tmp_path) == CONTENT
    assert weights.verify(tmp_path) == {"one": tmp_path / "base/one.pth", "two": tmp_path / "base/deep/two.pth"}


def test_what_is_there_is_not_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    weights.fetch(tmp_path, mirror.address)
    mirror.asked.clear()
    weights.fetch(tmp_path, mirror.address)
    assert mirror.asked == []


def test_a_file_that_is_there_but_wrong_is_replaced(mirror: Mirror, tmp_path: Path) -> None:
    weights.fetch(tmp_path, mirror.address)
    (tmp_path / "base/one.pth").write_bytes(b"scrambled")
    weights.fetch(tmp_path, mirror.address)
    assert present(tmp_path) == CONTENT


def test_a_broken_connection_is_taken_up_where_it_ended(mirror: Mirror, tmp_path: Path) -> None:
    mirror.breaks = 4000
    weights.fetch(tmp_path, mirror.address)
    assert present(tmp_path) == CONTENT
    ones = [asked for path, asked in mirror.asked if path == "base/one.pth"]
    assert ones == [None, "bytes=4000-", "bytes=8000-"]


def test_a_later_run_goes_on_with_what_an_earlier_one_left(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base/.one.pth.part").write_bytes(CONTENT["base/one.pth"][:100])
    weights.fetch(tmp_path, mirror.address)
    assert mirror.asked[0] == ("base/one.pth", "bytes=100-")
    assert present(tmp_path) == CONTENT


def test_a_mirror_without_ranges_starts_over(mirror: Mirror, tmp_path: Path) -> None:
    mirror.ranges = False
    (tmp_path / "base").mkdir()
    (tmp_path / "base/.one.pth.part").write_bytes(b"x" * 100)
    weights.fetch(tmp_path, mirror.address)
    assert present(tmp_path) == CONTENT


@pytest.mark.parametrize("change", [lambda old: old[::-1], lambda old: old + b"more"], ids=["other bytes", "too long"])
def test_a_wrong_file_is_refused_with_both_hashes_and_not_kept(
    mirror: Mirror, tmp_path: Path, table: dict[str, Checkpoint], change: Callable[[bytes], bytes]
) -> None:
    wrong = change(CONTENT["base/one.pth"])
    mirror.content["base/one.pth"] = wrong
    with pytest.raises(WrongWeights) as caught:
        weights.fetch(tmp_path, mirror.address)
    assert hashlib.sha256(wrong).hexdigest() in caught.value.sentence
    assert table["one"].sha256 in caught.value.sentence
    assert present(tmp_path) == {}


def test_a_mirror_that_sends_too_little_again_and_again_is_given_up(mirror: Mirror, tmp_path: Path) -> None:
    mirror.breaks = 0
    with pytest.raises(WrongWeights, match="gives no more of"):
        weights.fetch(tmp_path, mirror.address)
    assert len(mirror.asked) == weights.TRIES


def test_a_file_that_the_mirror_does_not_have_is_named_with_its_answer(mirror: Mirror, tmp_path: Path) -> None:
    del mirror.content["base/one.pth"]
    with pytest.raises(WrongWeights, match=r"answers 404 .* for http://127.0.0.1:\d+/some/where/base/one.pth"):
        weights.fetch(tmp_path, mirror.address)


def test_no_mirror_at_all_is_a_sentence(tmp_path: Path, mirror: Mirror) -> None:
    address = mirror.address
    mirror.server_close()
    with pytest.raises(WrongWeights, match="refused"):
        weights.fetch(tmp_path, address)


@pytest.mark.parametrize("address", ["file:///etc/", "ftp://somewhere", "mirror"])
def test_an_address_that_is_no_web_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadRequest, match="not the address of a mirror"):
        weights.fetch(tmp_path, address)


def test_a_folder_that_cannot_be_written_is_said(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "base").write_text("a file in the way")
    with pytest.raises(OutputFailed):
        weights.fetch(tmp_path, mirror.address)


def test_a_start_with_a_missing_file_says_how_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(WrongWeights, match=f"fetch-weights --to {tmp_path}`"):
        weights.verify(tmp_path)


def test_case_42_a_start_with_a_changed_file_is_refused_with_both_hashes(
    mirror: Mirror, tmp_path: Path, table: dict[str, Checkpoint]
) -> None:
    weights.fetch(tmp_path, mirror.address)
    changed = bytearray(CONTENT["base/one.pth"])
    changed[500] ^= 1
    (tmp_path / "base/one.pth").write_bytes(changed)
    with pytest.raises(WrongWeights) as caught:
        weights.verify(tmp_path)
    assert hashlib.sha256(changed).hexdigest() in caught.value.sentence
    assert table["one"].sha256 in caught.value.sentence


def test_the_folder_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAZE_WEIGHTS", "/some/weights")
    assert weights.folder() == Path("/some/weights")
    monkeypatch.delenv("GAZE_WEIGHTS")
    with pytest.raises(WrongWeights, match="Please set GAZE_WEIGHTS"):
        weights.folder()


def test_the_command_fetches_and_prints_the_paths(
    mirror: Mirror, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch-weights", "--to", str(tmp_path), "--mirror", mirror.address]) == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / path) for path in CONTENT]


@pytest.mark.parametrize(
    ("which", "fetched"), [("matting", ["matte.onnx"]), ("all", [*CONTENT, "matte.onnx"]), ("liveportrait", [*CONTENT])]
)
def test_the_command_fetches_what_it_is_asked_for(
    mirror: Mirror, matting: Checkpoint, tmp_path: Path, which: str, fetched: list[str]
) -> None:
    assert main(["fetch-weights", "--to", str(tmp_path), "--which", which, "--mirror", mirror.address]) == 0
    assert sorted(present(tmp_path)) == sorted(fetched)


def test_the_matting_model_comes_from_its_own_authors_and_is_taken_up_where_it_ended(
    mirror: Mirror, matting: Checkpoint, tmp_path: Path
) -> None:
    mirror.breaks = 1000
    assert main(["fetch-weights", "--to", str(tmp_path), "--which", "matting"]) == 0
    assert mirror.asked == [("matte.onnx", None), ("matte.onnx", "bytes=1000-")]
    assert present(tmp_path) == {"matte.onnx": MATTE}


def test_a_wrong_matting_model_is_refused_with_both_hashes_and_not_kept(
    mirror: Mirror, matting: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror.content["matte.onnx"] = MATTE[::-1]
    assert main(["fetch-weights", "--to", str(tmp_path), "--which", "matting"]) == WrongWeights.exit_code
    said = capsys.readouterr().err
    assert matting.sha256 in said
    assert hashlib.sha256(MATTE[::-1]).hexdigest() in said
    assert present(tmp_path) == {}


def test_a_missing_matting_model_says_how_to_fetch_it(matting: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(WrongWeights, match=f"fetch-weights --which matting --to {tmp_path}`"):
        weights.verified(tmp_path / "matte.onnx", matting)


def test_the_command_ends_with_the_errors_own_code(
    mirror: Mirror, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror.content.clear()
    assert main(["fetch-weights", "--to", str(tmp_path), "--mirror", mirror.address]) == WrongWeights.exit_code
    assert "answers 404" in capsys.readouterr().err


def test_the_shipped_table_names_the_five_official_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert [each.size for each in weights.CHECKPOINTS.values()] == [
        3_387_959,
        112_545_506,
        182_180_086,
        221_813_590,
        2_393_098,
    ]
    assert all(
        len(each.sha256) == 64 and each.path.startswith("liveportrait/") for each in weights.CHECKPOINTS.values()
    )
    assert {each.mirror for each in weights.CHECKPOINTS.values()} == {weights.MIRROR}


def test_the_shipped_matting_model_is_the_one_that_rembg_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert weights.MATTING.path == "BiRefNet-portrait-epoch_150.onnx"
    assert weights.MATTING.mirror == "https://github.com/danielgatis/rembg/releases/download/v0.0.0"
    assert weights.MATTING.size == 972_666_916
    assert weights.MATTING.sha256 == "1ba1c8ff5a7bbfadc8d8d13fb11d7be793f91f23d9d466549e37a854f6668f99"
