"""Settings from the environment: a mistake stops the start with its name, and the table tells all of them."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from gazesite import settings
from gazesite.environment import Environment

REPO = Path(__file__).parents[2]
LONG_KEY = "a-key-of-the-tests-that-no-other-site-has-0123456789"
PRODUCTION = {
    "SECRET_KEY": LONG_KEY,
    "SITE_URL": "https://gaze.example",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "DATABASE_URL": "postgres://user:pass@127.0.0.1:1/gaze",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "BUCKET_NAME": "gaze",
    "AWS_ENDPOINT_URL_S3": "https://s3.example",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "EMAIL_URL": "smtp+tls://user:pass@mail.example:587",
    "GPU_SOURCE": "runpod-pod",
    "RUNPOD_API_KEY": "rpa_key",
    "RUNPOD_IMAGE": "gazesite/worker:1",
}


def read_by_the_code() -> dict[str, ast.Call]:
    """The call that reads it, by variable."""
    found: dict[str, ast.Call] = {}
    for call in ast.walk(ast.parse((REPO / "gazesite" / "settings.py").read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
            of_env = isinstance(call.func.value, ast.Name) and call.func.value.id == "env"
            if of_env and isinstance(call.args[0], ast.Constant):
                found.setdefault(str(call.args[0].value), call)
    return found


def told_by_the_table() -> dict[str, str]:
    """Default by variable."""
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \|", (REPO / "deploy" / "SETTINGS.md").read_text(), re.MULTILINE)
    return dict(rows)


def manage(tmp_path: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key not in read_by_the_code()}
    environment = inherited | {"GAZE_DATA": str(tmp_path), **settings}
    line = [sys.executable, "manage.py", *words]
    return subprocess.run(line, cwd=REPO, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_table_names_exactly_what_the_code_reads() -> None:
    assert set(told_by_the_table()) == set(read_by_the_code())


def test_the_table_tells_the_plain_defaults() -> None:
    told = told_by_the_table()
    for name, call in read_by_the_code().items():
        default = call.args[1] if len(call.args) > 1 else None
        reader = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if isinstance(default, ast.Constant) and default.value != "" and reader not in ("required", "mail"):
            assert told[name] == str(default.value).lower(), name


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Environment]:
    """env(value): an environment in which IT has that value."""

    def with_value(value: str) -> Environment:
        monkeypatch.setenv("IT", value)
        return Environment()

    return with_value


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("x", lambda env: env.whole_number("IT", 1, 0, 9)),
        ("10", lambda env: env.whole_number("IT", 1, 0, 9)),
        ("1.5", lambda env: env.whole_number("IT", 1, 0, 9)),
        ("nan", lambda env: env.number("IT", 1, 0, 9)),
        ("perhaps", lambda env: env.switch("IT", True)),
        ("other", lambda env: env.choice("IT", "none", ("none", "url"))),
        ("ftp://x", lambda env: env.address("IT", "", ("http", "https"))),
        ("example.com", lambda env: env.address("IT", "", ("http", "https"))),
        ("10.0.0.1/8", lambda env: env.networks("IT")),
        ("secret", lambda env: env.database("IT")),
        ("postgres://user:secret@host:port/name", lambda env: env.database("IT")),
        ("secret://mail", lambda env: env.mail("IT", "consolemail://")),
        ("", lambda env: env.required("IT", "here")),
    ],
)
def test_a_value_that_cannot_be_understood_is_named_and_not_shown(
    env: Callable[[str], Environment], value: str, read: Callable[[Environment], object]
) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^IT ") as refused:
        read(env(value))
    assert not value or value not in str(refused.value)


ADDRESSES = (
    "SITE_URL", "REDIS_URL", "DATABASE_URL", "EMAIL_URL", "AWS_ENDPOINT_URL_S3", "GPU_WORKER_URL", "RUNPOD_REST_URL",
    "RUNPOD_SERVERLESS_URL", "RUNPOD_PROXY_URL",
)  # fmt: skip
SCHEMES = {"REDIS_URL": "redis", "DATABASE_URL": "postgres", "EMAIL_URL": "smtp"}
WITH_CREDENTIALS = {"REDIS_URL", "DATABASE_URL", "EMAIL_URL"}
ENDS = {"DATABASE_URL": "/gaze", "RUNPOD_PROXY_URL": "/{id}"}
"""Part of the address after its host and port."""


def read(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """The setting that this value gives."""
    monkeypatch.setenv(name, value)
    expression = ast.Expression(read_by_the_code()[name])
    return eval(compile(expression, "settings", "eval"), {**vars(settings), "env": Environment()})  # noqa: S307


def test_every_variable_with_an_address_is_among_them() -> None:
    readers = {
        name: call.func.attr for name, call in read_by_the_code().items() if isinstance(call.func, ast.Attribute)
    }
    assert {name for name, reader in readers.items() if name.endswith("_URL") or reader == "address"} == set(ADDRESSES)


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_usable_address_is_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user = "user:pass%2Fword@" if name in WITH_CREDENTIALS else ""
    address = f"{SCHEMES.get(name, 'https')}://{user}gaze.example:1234{ENDS.get(name, '')}"
    assert read(name, address, monkeypatch)
    assert read(name, f"{address}/" if name not in ENDS else address, monkeypatch)


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    "wrong",
    [
        "s3cret",
        "s3cret.example:443",
        "gopher://s3cret.example{end}",
        "{scheme}://{end}",
        "{scheme}:///",
        "{scheme}://:1234{end}",
        "{scheme}://s3cret example{end}",
        "{scheme}://s3crét.example{end}",
        "{scheme}://s3cret.example:0{end}",
        "{scheme}://s3cret.example:65536{end}",
        "{scheme}://s3cret.example:port{end}",
        "{scheme}://-s3cret-{end}",
        "{scheme}://[s3cret{end}",
        "{scheme}://[s3cret]{end}",
        "{scheme}://0.0.0.0:1{end}",
        "{scheme}://user:s3/cret@gaze.example{end}",
        "{scheme}://user:s3cret@gaze@.example:port{end}",
        "{scheme}://gaze.example{end}#s3cret",
        "{scheme}://gaze.example/a/b?s3cret=1#",
    ],
)
def test_a_misconfigured_address_is_refused_in_a_sentence_that_does_not_show_it(
    name: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = wrong.format(scheme=SCHEMES.get(name, "https"), end=ENDS.get(name, ""))
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} (is|has|must) .*\.$") as refused:
        read(name, value, monkeypatch)
    assert "s3c" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", sorted(set(ADDRESSES) - WITH_CREDENTIALS))
def test_an_address_that_needs_none_holds_no_password(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} .* neither user nor password"):
        read(name, f"https://user:s3cret@gaze.example{ENDS.get(name, '')}", monkeypatch)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "https://gaze.example/gaze"),
        ("AWS_ENDPOINT_URL_S3", "https://account.r2.example/bucket"),
        ("REDIS_URL", "redis://gaze.example/name"),
        ("REDIS_URL", "unix://"),
        ("DATABASE_URL", "postgres://gaze.example"),
        ("DATABASE_URL", "postgres://gaze.example/a/b"),
        ("DATABASE_URL", "postgres:///gaze"),
        ("DATABASE_URL", "mysql://gaze.example/gaze"),
        ("DATABASE_URL", "sqlite://gaze.example/gaze"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "smtp://gaze.example/path"),
        ("EMAIL_URL", "smtp://user@gaze.example"),
        ("EMAIL_URL", "consolemail://gaze.example"),
        ("RUNPOD_PROXY_URL", "https://gaze.example"),
        ("RUNPOD_PROXY_URL", "https://{id}.{name}.example"),
        ("RUNPOD_ENDPOINT", "https://api.runpod.example/v2/abc"),
        ("RUNPOD_VOLUME", "a volume"),
        ("RUNPOD_IMAGE", "https://ghcr.example/you/worker"),
        ("RUNPOD_IMAGE", "you/worker 1"),
        ("RUNPOD_API_KEY", "two words"),
        ("RUNPOD_API_KEY", "kéy"),
        ("GPU_WORKER_TOKEN", "two words"),
        ("METRICS_TOKEN", "two words"),
        ("BUCKET_NAME", "https://bucket.example"),
        ("AWS_REGION", "eu central"),
        ("CLIENT_ADDRESS_HEADER", "Fly-Client-IP: "),
        ("DEFAULT_FROM_EMAIL", "nobody"),
        ("HOST", "http://127.0.0.1"),
        ("HOST", "127.0.0.1:3000"),
        ("HOST", "*"),
        ("HOST", "0x0"),
        ("HOST", "::ffff:0.0.0.0"),
        ("HOST", "255.255.255.255"),
        ("HOST", "224.0.0.1"),
        ("METRICS_HOST", "0"),
        ("ALLOWED_HOSTS", "https://gaze.example"),
        ("ALLOWED_HOSTS", "gaze.example:443"),
        ("PORT", "30x0"),
        ("GPU_DAILY_BUDGET", "1e3"),
    ],
)
def test_what_is_usable_elsewhere_is_refused_where_it_does_not_belong(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} (is|has|must) .*\.$") as refused:
        read(name, value, monkeypatch)
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("REDIS_URL", "rediss://:pass@gaze_redis:6380/2?ssl_cert_reqs=none"),
        ("DATABASE_URL", "postgres:///gaze?host=/run/postgresql"),
        ("DATABASE_URL", "sqlite:////data/gaze.sqlite3"),
        ("EMAIL_URL", "smtp+tls://user%40gaze.example:pass@mail.example:587"),
        ("EMAIL_URL", "consolemail://"),
        ("EMAIL_URL", "filemail:////tmp/mail"),
        ("GPU_WORKER_URL", "https://gaze.example/worker"),
        ("RUNPOD_PROXY_URL", "https://{id}-8000.proxy.example"),
        ("ALLOWED_HOSTS", ".gaze.example, 10.0.0.1, [::1], *"),
        ("DEFAULT_FROM_EMAIL", "gaze <gaze@example.org>"),
    ],
)
def test_unusual_but_usable_values_are_taken(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(name, value, monkeypatch)


def test_a_misconfigured_address_stops_the_start_in_one_line(tmp_path: Path) -> None:
    started = manage(tmp_path, "serve", REDIS_URL="redis://:s3cret@gaze.example:port/0")
    assert started.returncode == 1
    assert started.stderr == (
        "gazesite cannot start: REDIS_URL is not a usable address: its port is no number from 1 to 65535.\n"
    )


def test_an_empty_value_is_none(env: Callable[[str], Environment]) -> None:
    assert env("").whole_number("IT", 7, 0, 9) == 7
    assert not env("").has("IT")
    assert env("").database("IT") is None


def test_a_secret_may_lie_in_a_file_and_begin_with_a_dollar_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("$ecret\n")
    monkeypatch.setenv("IT_FILE", str(tmp_path / "secret"))
    assert Environment().text("IT") == "$ecret"


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IT_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match=r"^IT_FILE names a file that cannot be read"):
        Environment().text("IT")


def test_a_mistake_stops_the_start_with_its_name(tmp_path: Path) -> None:
    started = manage(tmp_path, "serve", PORT="many")
    assert started.returncode == 1
    assert started.stderr == "gazesite cannot start: PORT has a value that cannot be understood.\n"


@pytest.mark.parametrize(
    "missing", ["SECRET_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RUNPOD_API_KEY", "RUNPOD_IMAGE"]
)
@pytest.mark.slow
def test_what_is_needed_is_named(tmp_path: Path, missing: str) -> None:
    checked = manage(tmp_path, "check", **(PRODUCTION | {missing: ""}))
    assert checked.returncode == 1
    assert checked.stderr.startswith(f"gazesite cannot start: {missing} must be set")


def test_production_settings_pass_djangos_own_deployment_checks(tmp_path: Path) -> None:
    checked = manage(tmp_path, "check", "--deploy", "--fail-level=WARNING", **PRODUCTION)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout + checked.stderr
