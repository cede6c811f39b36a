import re
import tomllib
from pathlib import Path

from gpuworker.cli import standalone_page


def test_the_page_is_complete_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    names = standalone_page.write(tmp_path)
    assert {"index.html", "gaze-tracker.js", "gaze-tracker.min.js", "standalone.css"} <= set(names)
    assert sorted(names) == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    html = (tmp_path / "index.html").read_text()
    assert 'src="manifest.json"' in html
    assert "://" not in html


def test_the_element_is_its_bundle_and_not_twenty_modules() -> None:
    assert len([name for name in standalone_page.names() if name.endswith(".js")]) <= 6
    assert "element.js" not in standalone_page.names()


def test_every_module_that_a_module_imports_is_there(tmp_path: Path) -> None:
    for name in (name for name in standalone_page.write(tmp_path) if name.endswith(".js")):
        module = tmp_path / name
        for imported in re.findall(r"""(?:from|import\()\s*['"](\.[^'"]+)['"]""", module.read_text()):
            assert (module.parent / imported).is_file(), f"{name} imports {imported}"


def test_a_page_that_is_removed_leaves_no_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "rig.bin").write_bytes(b"")
    standalone_page.write(tmp_path)
    standalone_page.remove(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["rig.bin"]


def test_a_wheel_carries_the_files_of_the_page() -> None:
    project = tomllib.loads((standalone_page.IN_REPOSITORY.parents[1] / "pyproject.toml").read_text())
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    files = [f"static/gaze/{source.name}" for source in standalone_page.sources()]
    assert carried == {file: file.replace("static/gaze", "gpuworker/page_files") for file in files}
