"""Reader of settings from the environment, or from the file that `NAME_FILE` names: typed and within bounds.

A mistake stops the start with the variable's name and never with its value, which may be a secret.
"""

from __future__ import annotations

import ipaddress
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from gazesite.service_address import checked, is_host, is_ipv4_as_ipv6, is_of_many_machines, normalised

POSTGRES = ("postgres", "postgresql", "psql", "pgsql")
SMTP = ("smtp", "smtps", "smtp+tls", "smtp+ssl")
MAIL_WITHOUT_HOST = ("consolemail", "dummymail", "memorymail")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


class _Values(FileAwareMapping):  # type: ignore[misc]
    """Values of variables or files, without a newline at the end; a dollar sign at the beginning is no reference."""

    def __getitem__(self, key: str) -> str:
        value = str(super().__getitem__(key)).strip()
        return f"\\{value}" if value.startswith("$") else value


class Environment(environ.FileAwareEnv):  # type: ignore[misc]
    """Typed environment. Every method raises ImproperlyConfigured. An empty value counts as none."""

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
            raise _malformed(var) from None

    def has(self, name: str) -> bool:
        """Whether the variable is set and not empty."""
        return bool(self.text(name))

    def text(self, name: str, default: str = "") -> str:
        value: str = self.str(name, default=default)
        return value

    def switch(self, name: str, default: bool) -> bool:
        """Boolean: `true` or `false`, in any of the usual spellings."""
        word = self.text(name).lower()
        if not word:
            return default
        if word not in ("true", "false", "on", "off", "yes", "no", "1", "0"):
            raise ImproperlyConfigured(f"{name} is either true or false.")
        return word in ("true", "on", "yes", "1")

    def number(self, name: str, default: float, least: float, most: float) -> float:
        text = self.text(name)
        if text and not _NUMBER.fullmatch(text):
            raise _malformed(name)
        value = float(text) if text else default
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

    def matching(self, name: str, default: str, pattern: str, what: str) -> str:
        """Text that matches the whole pattern. what: description of such a text, for the error."""
        value = self.text(name, default)
        if value and not re.fullmatch(pattern, value, re.ASCII):
            raise ImproperlyConfigured(f"{name} must be {what}.")
        return value

    def host(self, name: str, default: str) -> str:
        """An IP address, without brackets, or a name."""
        value = self.text(name, default).removeprefix("[").removesuffix("]")
        if not is_host(value):
            raise ImproperlyConfigured(f"{name} must be an IP address or the name of a host, without scheme and port.")
        if is_of_many_machines(value):
            raise ImproperlyConfigured(f"{name} must be an address of this machine, not of many machines at once.")
        if is_ipv4_as_ipv6(value):
            raise ImproperlyConfigured(f"{name} must write an IPv4 address as one, without ::ffff: before it.")
        return value

    def hosts(self, name: str, default: Sequence[str]) -> list[str]:
        """Names and IP addresses separated by commas; `*` stands for all, a leading dot for all below a name."""
        words = self.words(name, default)
        for word in words:
            if word != "*" and not is_host(word.removeprefix(".").removeprefix("[").removesuffix("]")):
                raise ImproperlyConfigured(f"{name} must list names of hosts without scheme and port.")
        return words

    def address(self, name: str, default: str, schemes: Sequence[str], *, path: bool = False, within: str = "") -> str:
        """A whole address, without a slash at its end; it has a path only where one is allowed.

        within: a placeholder that it must contain, such as `{id}`.
        """
        value = self.text(name, default)
        if not value:
            return ""
        with _reasons(name):
            if within:
                if within not in value:
                    raise ValueError(f"it must contain {within}")
                bare = value.replace(within, "x")
                if "{" in bare or "}" in bare:
                    raise ValueError(f"it may contain no braces but {within}")
                checked(bare, schemes, path=path)
                return value.rstrip("/")
            return normalised(checked(value, schemes, path=path))

    def redis(self, name: str) -> str:
        """`redis://`, `rediss://` or `unix://`, with the number of a database or without."""
        value = self.text(name)
        if not value:
            return ""
        with _reasons(name):
            if value.startswith("unix://"):
                if not urlsplit(value).path.strip("/"):
                    raise ValueError("it names no socket")
                return value
            parts = checked(value, ("redis", "rediss"), path=True, query=True, credentials=True)
            if not re.fullmatch(r"(/[0-9]{0,5})?", parts.path):
                raise ValueError("after its host and port only the number of a database may come")
            return normalised(parts)

    def database(self, name: str) -> dict[str, Any] | None:
        """Entry of Django's DATABASES, of PostgreSQL or SQLite; None when it is not given."""
        with _reasons(name):
            return self._parsed(name, _check_database, self.db_url_config)

    def mail(self, name: str, default: str) -> dict[str, Any]:
        """Django's EMAIL_ settings."""
        with _reasons(name):
            found = self._parsed(name, _check_mail, self.email_url_config)
        return found or dict(self.email_url_config(default))

    def words(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """Words separated by commas."""
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

    def _parsed(self, name: str, check: Callable[[str], object], parse: Callable[[str], Any]) -> dict[str, Any] | None:
        value = self.text(name)
        if not value:
            return None
        check(value)
        try:
            with warnings.catch_warnings(action="error"):  # which would show the value
                return dict(parse(value))
        except (ValueError, TypeError, KeyError, ImproperlyConfigured, UserWarning):
            raise _malformed(name) from None


@contextmanager
def _reasons(name: str) -> Iterator[None]:
    """Turn a ValueError, whose text is the reason, into ImproperlyConfigured for that variable."""
    try:
        yield
    except ValueError as reason:
        raise ImproperlyConfigured(f"{name} is not a usable address: {reason}.") from None


def _check_database(value: str) -> None:
    if value.startswith("sqlite:"):
        if not re.fullmatch(r"sqlite:///[^?#]+", value):
            raise ValueError("SQLite's is sqlite:/// and the path of a file")
        return
    local = re.fullmatch(r"\w+:///([^/?#]+)\?(.+)", value)  # a socket in a folder
    if local and value.partition(":")[0] in POSTGRES and parse_qs(local[2]).get("host", [""])[0].startswith("/"):
        return
    parts = checked(value, POSTGRES, path=True, query=True, credentials=True)
    if not re.fullmatch(r"/[^/]+", parts.path):
        raise ValueError("it must end with / and the name of a database")


def _check_mail(value: str) -> None:
    scheme, _, rest = value.partition("://")
    if scheme in MAIL_WITHOUT_HOST and not rest.strip("/"):
        return
    if scheme == "filemail" and re.fullmatch(r"/[^?#]+", rest):
        return
    parts: SplitResult = checked(value, SMTP, credentials=True)
    if parts.username is not None and not parts.password:
        raise ValueError("it has a user without a password")


def _malformed(name: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} has a value that cannot be understood.")
