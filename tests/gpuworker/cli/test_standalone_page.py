from pathlib import Path

from gpuworker.cli import standalone_page


def test_the_page_is_complete_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    names = standalone_page.write(tmp_path)
    assert {"index.html", "gaze-tracker.js", "standalone.css"} <= set(names)
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())
    html = (tmp_path / "index.html").read_text()
    assert 'src="manifest.json"' in html
    assert "://" not in html


def test_every_module_that_a_module_imports_is_beside_it(tmp_path: Path) -> None:
    import re

    names = set(standalone_page.write(tmp_path))
    for name in (name for name in names if name.endswith(".js")):
        for imported in re.findall(r"""(?:from|import\()\s*['"]\./([^'"]+)['"]""", (tmp_path / name).read_text()):
            assert imported in names, f"{name} imports {imported}"
