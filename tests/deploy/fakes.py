"""Fake commands that record their calls, in place of those that would cost money or need a daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).parents[2]

SCRIPT = """#!{python}
import json, os, select, sys
given = sys.stdin.read() if not sys.stdin.isatty() and {reads} else ""
call = dict(words=[os.path.basename(sys.argv[0]), *sys.argv[1:]], given=given, environment=dict(os.environ))
with open({log!r}, "a") as log:
    log.write(json.dumps(call) + "\\n")
print({output!r}, end="")
sys.exit({code})
"""


@dataclass(frozen=True)
class Call:
    words: list[str]
    given: str
    environment: dict[str, str]

    @property
    def line(self) -> str:
        return " ".join(self.words)


class FakeCommands:
    """Folder of fake commands, which comes first in PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "calls.jsonl"
        folder.mkdir()

    def add(self, name: str, output: str = "", code: int = 0, reads: bool = False) -> None:
        """Add a fake command. reads: whether it reads its standard input."""
        script = self.folder / name
        script.write_text(
            SCRIPT.format(python=sys.executable, log=str(self._log), output=output, code=code, reads=reads)
        )
        script.chmod(0o755)

    @property
    def calls(self) -> list[Call]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [Call(**json.loads(line)) for line in lines]

    def run(self, *words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the repository, in its root, without the caller's own settings."""
        clean = {"PATH": f"{self.folder}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/")}
        return subprocess.run(
            [str(word) for word in words],
            cwd=REPO,
            env=clean | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
