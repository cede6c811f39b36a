"""Where browser tests find their Chromium, and how they start it."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Playwright

PACKAGE = "@sparticuz/chromium@147"
"""An npm package that carries a headless Chromium for Linux on x86-64, compressed with Brotli."""

BUILD = Path(__file__).parents[1] / "build" / "chromium"
NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
FLAGS = (
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)

UNPACK = """
const fs = require('node:fs'), path = require('node:path'), zlib = require('node:zlib');
const [source, target] = process.argv.slice(1);
for (const name of fs.readdirSync(source).filter((each) => each.endsWith('.br'))) {
  const bytes = zlib.brotliDecompressSync(fs.readFileSync(path.join(source, name)));
  fs.writeFileSync(path.join(target, name.slice(0, -3)), bytes);
}
"""
"""Python's standard library reads no Brotli, Node's does."""


class NoChromiumError(Exception):
    """There is no Chromium, and none could be fetched; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Chromium:
    executable: Path
    libraries: Path | None = None
    """Shared libraries that it brings along, for systems that lack them."""

    flags: tuple[str, ...] = field(default=FLAGS)

    def launch(self, playwright: Playwright) -> Browser:
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        environment: dict[str, str | float | bool] = dict(os.environ)
        if self.libraries:
            environment["LD_LIBRARY_PATH"] = f"{self.libraries}:{os.environ.get('LD_LIBRARY_PATH', '')}"
        return playwright.chromium.launch(executable_path=self.executable, args=[*self.flags, *root], env=environment)


def find() -> Chromium:
    """$CHROMIUM (a path, or `package` for the npm package), else an installed one, else the package.

    Raises NoChromiumError.
    """
    wanted = os.environ.get("CHROMIUM")
    if wanted and wanted != "package":
        if not shutil.which(wanted):
            raise NoChromiumError(f"CHROMIUM names {wanted}, which is no program.")
        return Chromium(Path(wanted))
    installed = None if wanted else next(filter(None, map(shutil.which, NAMES)), None)
    return Chromium(Path(installed)) if installed else packaged()


def packaged() -> Chromium:
    """The npm package's Chromium, fetched once into build/chromium. Raises NoChromiumError."""
    unpacked = BUILD / "unpacked"
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of tests may be fetching it
        if not unpacked.exists():
            _fetch(unpacked)
    return Chromium(unpacked / "chromium", unpacked / "al2023" / "lib")


def _fetch(unpacked: Path) -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise NoChromiumError("The browser tests need Chromium: install it, or set CHROMIUM to a browser's path.")
    npm, node = shutil.which("npm"), shutil.which("node")
    if not (npm and node):
        raise NoChromiumError(
            "The browser tests need Chromium: install chromium or google-chrome, or Node.js with npm to fetch one."
        )
    _run(npm, "install", "--prefix", str(BUILD), "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE)
    # Complete or absent: an interrupted run must not leave half a browser behind.
    partial = BUILD / f"unpacking-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    source = BUILD / "node_modules" / "@sparticuz" / "chromium" / "bin"
    _run(node, "-e", UNPACK, str(source), str(partial))
    for archive in partial.glob("*.tar"):
        # The libraries' archive has a folder for a name inside; the software renderer belongs beside the browser.
        folder = partial / archive.stem if archive.stem == "al2023" else partial
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        archive.unlink()
    (partial / "chromium").chmod(0o755)
    partial.rename(unpacked)
    shutil.rmtree(BUILD / "node_modules")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise NoChromiumError(f"Fetching {PACKAGE} failed: {' '.join(last)}. Or set CHROMIUM to a browser's path.")
