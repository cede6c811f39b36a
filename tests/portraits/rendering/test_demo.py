"""The demo is replaced whole, and grows only where there was none."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuworker.errors import NoFace
from portraits.files import storage
from portraits.rendering import demo, workers
from tests.portraits import factories
from tests.portraits.scripted_worker import ScriptedWorker


@pytest.fixture
def scripted(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedWorker:
    (tmp_path / "made").mkdir()
    (tmp_path / "photo.webp").write_bytes(factories.picture())
    worker = ScriptedWorker(tmp_path / "made")
    monkeypatch.setattr(workers, "sheets", lambda: worker)
    monkeypatch.chdir(tmp_path)
    return worker


def made(photo: Path = Path("photo.webp")) -> list[str]:
    return list(demo.render(photo))


def test_the_first_demo_is_shown_while_it_grows(scripted: ScriptedWorker) -> None:
    levels = []

    def look(moment: str) -> None:
        pointer = demo.current()
        levels.append(len(pointer["manifest"]["levels"]) if pointer else 0)

    scripted.before_each(look)
    demo.make_first(Path("photo.webp"))
    assert levels == [0, 1, 2, 3, 4]
    assert demo.current()["manifest"]["complete"]  # type: ignore[index]


def test_a_new_demo_replaces_the_old_one_only_when_it_is_whole(scripted: ScriptedWorker) -> None:
    made()
    before = demo.current()
    seen = []
    scripted.before_each(lambda moment: seen.append(demo.current()))
    made()
    assert seen == [before] * 5
    after = demo.current()
    assert after is not None
    assert before is not None
    assert after["version"] != before["version"]
    assert list(storage.keys(f"demo/{before['version']}/")) == []


def test_a_demo_that_cannot_be_made_leaves_the_old_one(scripted: ScriptedWorker) -> None:
    made()
    before = demo.current()
    scripted.end_with(NoFace())
    with pytest.raises(NoFace):
        made()
    assert demo.current() == before
    assert len(list(storage.keys("demo/"))) == 1 + len(before["files"])  # type: ignore[index]


def test_a_first_demo_whose_process_was_killed_is_made_anew(
    scripted: ScriptedWorker, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.end_with(NoFace())
    demo.make_first(Path("photo.webp"))
    assert "no portrait" in caplog.text
    scripted.end_with(None)
    demo.make_first(Path("photo.webp"))
    demo.make_first(Path("photo.webp"))
    assert len(scripted.jobs) == 2
