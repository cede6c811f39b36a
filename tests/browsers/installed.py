"""The browsers beside Chromium that this machine has, and why it lacks one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

FIREFOX = "firefox"
WEBKIT = "webkit"
NAMES = (FIREFOX, WEBKIT)

PACKAGES = "firefox-esr webkit2gtk-driver xvfb"
"""Debian's and Ubuntu's names; .ci/run installs them where it may."""

MINI_BROWSERS = ("*/webkit2gtk-4.*/MiniBrowser", "webkit2gtk-4.*/MiniBrowser")


def firefox() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


def webkit_driver() -> str | None:
    return shutil.which("WebKitWebDriver")


def mini_browser() -> str | None:
    """WebKitGTK's own small browser, which Debian keeps beside the library."""
    found = [path for pattern in MINI_BROWSERS for path in sorted(Path("/usr/lib").glob(pattern))]
    return str(found[-1]) if found else None


def missing(name: str) -> str | None:
    """The program that `name` cannot run without and that is not here; None when all are."""
    programs = {
        FIREFOX: {"firefox-esr": firefox()},
        WEBKIT: {"WebKitWebDriver": webkit_driver(), "MiniBrowser": mini_browser()},
    }
    needed = {**programs[name], "Xvfb": shutil.which("Xvfb")}
    return next((program for program, path in needed.items() if path is None), None)


def required() -> bool:
    """Whether absence is an error: CI as root could have installed them."""
    return os.environ.get("CI") == "true" and os.geteuid() == 0
