"""Linters, tests and bundle of the JavaScript: python -m tests.javascript lint, test, or bundle.

All run in the Node.js that Playwright brings, so that everybody has the same one. ESLint, TypeScript and esbuild are
packages of npm: where there is no npm, or no way to its registry, they are left out with one line; in CI that is an
error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Playwright's own way to its Node.js; it has no public one.
from playwright._impl._driver import compute_driver_executable

REPO = Path(__file__).parents[1]
NODE = compute_driver_executable()[0]
LINTERS = ["eslint/bin/eslint.js", "typescript/bin/tsc"]
BUNDLER = "npm/bundle.js"
NO_NPM = "there is no npm here."
NO_PACKAGES = "`npm ci` could not install them; is there a network?"

CI = os.environ.get("CI", "").lower() in ("1", "true")


def lint(repo: Path) -> int:
    """Runs ESLint, TypeScript's check over static/, and the check that the bundle is new; returns an exit status."""
    missing = install(repo)
    if missing:
        line = f"ESLint, TypeScript and the bundle's check {'cannot run' if CI else 'are left out'}: {missing}"
        print(line, file=sys.stderr if CI else sys.stdout)
        return int(CI)
    packages = repo / "node_modules"
    linted = max(node(repo, str(packages / program)) for program in LINTERS)
    return max(linted, node(repo, BUNDLER, "--check"))


def bundle(repo: Path) -> int:
    """Writes the element's bundle anew; returns an exit status."""
    missing = install(repo)
    if missing:
        print(f"The bundle cannot be written: {missing}", file=sys.stderr)
        return 1
    return node(repo, BUNDLER)


def install(repo: Path) -> str:
    """Installs the packages of package-lock.json, unless they are there; returns why that did not work."""
    lock, installed = repo / "package-lock.json", repo / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return NO_NPM
    command = [npm, "ci", "--no-audit", "--no-fund", "--fetch-retries=1"]
    found = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        installed.touch()
        return ""
    print(*found.stderr.splitlines()[:4], sep="\n", file=sys.stderr)
    return NO_PACKAGES


def test(repo: Path) -> int:
    """Runs every *.test.js below tests/; returns an exit status."""
    files = sorted(str(path.relative_to(repo)) for path in (repo / "tests").rglob("*.test.js"))
    return node(repo, "--test", "--test-reporter=dot", *files)


def node(repo: Path, *arguments: str) -> int:
    return subprocess.run([NODE, *arguments], cwd=repo, check=False).returncode


if __name__ == "__main__":
    sys.exit({"lint": lint, "test": test, "bundle": bundle}[sys.argv[1]](REPO))
