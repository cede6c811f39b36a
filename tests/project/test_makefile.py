"""The commands of the Makefile, run with stand-ins for Python: nothing is installed here."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

# Answers what the Makefile asks a Python before it trusts it; `-m venv` puts a recorder in place.
STAND_IN = """#!/bin/sh
case "$2" in
    *version_info*) echo "{found}" ;;
    *ensurepip*) exit {ensurepip} ;;
    venv) mkdir -p "$3/bin" && cp recorder "$3/bin/python" && cp recorder "$3/bin/lint-imports" ;;
esac
"""
RECORDER = """#!/bin/sh
{ printf '%s' "$(basename "$0")"; printf '|%s' "$@"; echo; } >>ran
"""
SUPPORTED = "3.12 Linux x86_64"


@pytest.fixture
def folder(repo: Path, tmp_path: Path) -> Path:
    place = tmp_path / "a folder"
    place.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(repo / name, place)
    script(place / "recorder", RECORDER)
    (place / "my photo's.png").touch()
    return place


def script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def make(folder: Path, *arguments: str, found: str = SUPPORTED, ensurepip: int = 0) -> subprocess.CompletedProcess[str]:
    script(folder / "stand-in", STAND_IN.format(found=found, ensurepip=ensurepip))
    ours = {
        key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PORTRAIT", "OUT"))
    }
    command = ["make", "PYTHON=./stand-in", *arguments]
    return subprocess.run(command, cwd=folder, env=ours, capture_output=True, text=True, timeout=120)


def sentence(found: subprocess.CompletedProcess[str]) -> str:
    """Output of make without its own last line."""
    assert found.returncode != 0
    lines = [line for line in found.stderr.splitlines() if not line.startswith("make")]
    assert len(lines) == 1, found.stderr
    return lines[0]


def ran(folder: Path) -> list[str]:
    """Calls of the environment's programs since the last look, and nothing else."""
    log = folder / "ran"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line.replace("|--disable-pip-version-check", "").replace("|--quiet", "") for line in lines]


BASE = "python|-m|pip|install|--constraint|constraints.txt|--editable|."
SITE = "python|-m|pip|install|--constraint|constraints.txt|--editable|.[site]"
TEST = "python|-m|pip|install|--constraint|constraints.txt|--editable|.[test]"
CHECK = "python|-m|pip|install|--constraint|constraints.txt|--editable|.[check]"
PYTEST = "python|-m|pytest|-n|auto|--dist|loadfile|--no-loadscope-reorder"


def test_make_alone_lists_the_targets_and_does_nothing(folder: Path) -> None:
    found = make(folder)
    assert found.returncode == 0
    for target in ("run", "render", "contact-sheets", "test", "check", "lint", "bench-%", "clean"):
        assert f"\n  {target} " in found.stdout
    assert not (folder / ".venv").exists()


def test_every_listed_target_exists(folder: Path) -> None:
    listed = [line.split()[0] for line in make(folder).stdout.splitlines() if line.startswith("  ")]
    assert listed
    for target in listed:
        found = make(folder, "--dry-run", target.replace("%", "warp"), "PORTRAIT=my photo's.png")
        assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("target", ["render", "contact-sheets"])
def test_a_missing_portrait_is_asked_for_before_anything_is_installed(folder: Path, target: str) -> None:
    said = sentence(make(folder, target))
    assert said == f"Please name a photo: make {target} PORTRAIT=photo.jpg OUT=out"
    assert not (folder / ".venv").exists()


def test_a_portrait_that_is_not_there_is_named(folder: Path) -> None:
    assert sentence(make(folder, "render", "PORTRAIT=no such.png")) == "There is no file no such.png."


@pytest.mark.parametrize("found", ["3.11 Linux x86_64", "3.12 Linux aarch64", "3.13 Darwin arm64"])
def test_the_supported_pythons_make_an_environment(folder: Path, found: str) -> None:
    assert make(folder, "render", "PORTRAIT=my photo's.png", found=found).returncode == 0


@pytest.mark.parametrize(
    "found",
    ["2.7 Linux x86_64", "3.10 Linux x86_64", "3.14 Linux x86_64", "3.12 Windows AMD64", "3.12 Darwin x86_64", "3.1"],
)
def test_any_other_python_is_refused_in_one_sentence(folder: Path, found: str) -> None:
    said = sentence(make(folder, "test", found=found))
    assert said.startswith("Python 3.11, 3.12 or 3.13 on 64-bit Linux or an Apple-silicon Mac is needed")
    assert f"./stand-in is {found};" in said
    assert not (folder / ".venv").exists()


def test_a_python_that_is_not_there_is_refused_in_the_same_sentence(folder: Path) -> None:
    assert "no-such-python is missing;" in sentence(make(folder, "test", "PYTHON=no-such-python"))


def test_a_python_without_ensurepip_says_what_to_install(folder: Path) -> None:
    assert "apt install python3-venv" in sentence(make(folder, "test", ensurepip=1))


def test_render_installs_once_and_passes_names_with_spaces_and_quotes_on(folder: Path) -> None:
    for _ in range(2):
        assert make(folder, "render", "PORTRAIT=my photo's.png", 'OUT=my "out"').returncode == 0
    render = """python|-m|gpuworker|render|my photo's.png|my "out\""""
    assert ran(folder) == [BASE, render, render]


def test_render_writes_into_out_unless_told_otherwise(folder: Path) -> None:
    make(folder, "render", "PORTRAIT=my photo's.png")
    assert ran(folder)[-1] == "python|-m|gpuworker|render|my photo's.png|out"


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_what_is_asked_for_or_locked_anew_is_installed_again(folder: Path, changed: str) -> None:
    make(folder, "render", "PORTRAIT=my photo's.png")
    ran(folder)
    touch_later(folder / changed)
    make(folder, "render", "PORTRAIT=my photo's.png")
    assert ran(folder)[0] == BASE


def test_test_upgrades_the_environment_that_render_made(folder: Path) -> None:
    make(folder, "render", "PORTRAIT=my photo's.png")
    ran(folder)
    assert make(folder, "test").returncode == 0
    assert ran(folder) == [
        TEST,
        "python|-m|ruff|check",
        "python|-m|ruff|format|--check",
        "python|-m|mypy",
        "lint-imports|",
        "python|-m|djlint|--lint|templates",
        "python|-m|tests.javascript|lint",
        "python|-m|tests.javascript|test",
        PYTEST,
    ]


def test_check_and_the_bench_of_torch_install_torch_and_nobody_else_does(folder: Path) -> None:
    make(folder, "test")
    assert CHECK not in ran(folder)
    make(folder, "check")
    assert ran(folder) == [CHECK, f"{PYTEST}|-m|slow"]
    make(folder, "test")
    make(folder, "bench-liveportrait")
    assert not {TEST, CHECK} & set(ran(folder))


def test_the_bench_of_the_liveportrait_engine_has_torch_too(folder: Path) -> None:
    make(folder, "bench-liveportrait")
    assert ran(folder) == [CHECK, "python|-m|tests.bench.liveportrait"]


def test_an_environment_for_tests_serves_render_too(folder: Path) -> None:
    make(folder, "lint")
    ran(folder)
    make(folder, "render", "PORTRAIT=my photo's.png")
    assert len(ran(folder)) == 1


def test_run_installs_the_site_once_and_serves_it(folder: Path) -> None:
    for _ in range(2):
        assert make(folder, "run").returncode == 0
    assert ran(folder) == [SITE, "python|manage.py|serve", "python|manage.py|serve"]


def test_dev_serves_with_the_development_server(folder: Path) -> None:
    assert make(folder, "dev").returncode == 0
    assert ran(folder) == [SITE, "python|manage.py|runserver"]


def test_an_environment_for_tests_serves_the_site_too(folder: Path) -> None:
    make(folder, "lint")
    ran(folder)
    make(folder, "run")
    assert ran(folder) == ["python|manage.py|serve"]


def test_an_installation_that_failed_is_tried_again(folder: Path) -> None:
    script(folder / "recorder", "#!/bin/sh\nexit 1\n")
    assert make(folder, "check").returncode != 0
    script(folder / ".venv" / "bin" / "python", RECORDER)
    assert make(folder, "check").returncode == 0
    assert ran(folder)[0] == CHECK


def test_a_bench_is_run_by_its_name(folder: Path) -> None:
    make(folder, "bench-warp-memory")
    assert ran(folder)[-1] == "python|-m|tests.bench.warp_memory"


def test_clean_removes_the_environment_and_keeps_rendered_faces(folder: Path) -> None:
    make(folder, "lint")
    (folder / "out").mkdir()
    (folder / "gpuworker" / "__pycache__").mkdir(parents=True)
    assert make(folder, "clean").returncode == 0
    assert not (folder / ".venv").exists()
    assert not (folder / "gpuworker" / "__pycache__").exists()
    assert (folder / "out").is_dir()


def touch_later(path: Path) -> None:
    """Newer than everything, on file systems that count whole seconds too."""
    moment = time.time() + 2
    os.utime(path, (moment, moment))
