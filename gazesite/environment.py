"""Settings from the environment: typed, within bounds, or from the file that `NAME_FILE` names.

Whatever is wrong stops the start with the variable's name and never with its value, which may be a secret.
"""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping


class _Values(FileAwareMapping):  # type: ignore[misc]
    """Secrets are kept in files that end with a newline, and may begin with a dollar sign, which is no reference."""

    def __getitem__(self, key: str) -> str:
        value = str(super().__getitem__(key)).strip()
        return f"\\{value}" if value.startswith("$") else value


class Environment(environ.FileAwareEnv):  # type: ignore[misc]
    """Every reader raises ImproperlyConfigured. An empty value counts as none."""

    def __init__(self) -> None:
        super().__init__()
        self.ENVIRON = _Values()
        self.escape_proxy = True

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        try:
            if not self.ENVIRON.get(var):
                return default if default is not self.NOTSET else super().get_value(f"{var} (not empty)")
            return super().get_value(var, cast, default, parse_default)
        except OSError as error:
            raise ImproperlyConfigured(
                f"{var}_FILE names a file that cannot be read: {error.strerror or error}."
            ) from None
        except (ValueError, TypeError, KeyError):
            raise _unclear(var) from None

    def has(self, name: str) -> bool:
        """Whether it is given."""
        return bool(self.text(name))

    def text(self, name: str, default: str = "") -> str:
        value: str = self.str(name, default=default)
        return value

    def switch(self, name: str, default: bool) -> bool:
        """`true` or `false`, in any of the usual spellings."""
        word = self.text(name).lower()
        if not word:
            return default
        if word not in ("true", "false", "on", "off", "yes", "no", "1", "0"):
            raise ImproperlyConfigured(f"{name} is either true or false.")
        return word in ("true", "on", "yes", "1")

    def number(self, name: str, default: float, least: float, most: float) -> float:
        value: float = self.float(name, default=default)
        if not least <= value <= most:
            raise ImproperlyConfigured(f"{name} must lie between {least:g} and {most:g}.")
        return value

    def whole_number(self, name: str, default: int, least: int, most: int) -> int:
        value = self.number(name, default, least, most)
        if value != int(value):
            raise ImproperlyConfigured(f"{name} must be a whole number.")
        return int(value)

    def choice(self, name: str, default: str, options: Sequence[str]) -> str:
        value = self.text(name, default)
        if value not in options:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}.")
        return value

    def address(self, name: str, default: str, schemes: Sequence[str]) -> str:
        """A whole address, without a slash at its end."""
        value = self.text(name, default)
        if value:
            parts = urlsplit(value)
            if parts.scheme not in schemes or not (parts.netloc or parts.scheme == "unix"):
                raise ImproperlyConfigured(f"{name} must be an address that begins with {schemes[0]}://.")
        return value.rstrip("/")

    def database(self, name: str) -> dict[str, Any] | None:
        """As Django's DATABASES; None when it is not given."""
        return self._parsed(name, self.db_url_config)

    def mail(self, name: str, default: str) -> dict[str, Any]:
        """Django's EMAIL_ settings."""
        return self._parsed(name, self.email_url_config) or dict(self.email_url_config(default))

    def words(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """Separated by commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()] or list(default)

    def networks(self, name: str) -> list[str]:
        """Addresses or networks separated by commas; `*` stands for all."""
        words = self.words(name)
        try:
            for word in words:
                _ = word == "*" or ipaddress.ip_network(word)
        except ValueError:
            raise ImproperlyConfigured(f"{name} must list networks, such as 10.0.0.0/8.") from None
        return words

    def required(self, name: str, why: str) -> str:
        value = self.text(name)
        if not value:
            raise ImproperlyConfigured(f"{name} must be set {why}.")
        return value

    def _parsed(self, name: str, parse: Callable[[str], Any]) -> dict[str, Any] | None:
        value = self.text(name)
        if not value:
            return None
        try:
            with warnings.catch_warnings(action="error"):  # which would show the value
                return dict(parse(value))
        except (ValueError, TypeError, KeyError, ImproperlyConfigured, UserWarning):
            raise _unclear(name) from None


def _unclear(name: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} has a value that cannot be understood.")
