"""Nothing set is the embedded site; what is set changes it, and what is malformed stops the start."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest

from tests.gazesite.fresh_process import in_fresh_process

SHOW = (
    "import json; from gazesite import settings; print(json.dumps({name: str(getattr(settings, name)) for name in %r}))"
)


def settings(tmp_path: Path, *names: str, **environment: str) -> dict[str, str]:
    done = load(tmp_path, *names, **environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def load(tmp_path: Path, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return in_fresh_process(SHOW % (names,), tmp_path / "data", **environment)


def test_the_secret_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = settings(tmp_path, "SECRET_KEY")
    assert settings(tmp_path, "SECRET_KEY") == first
    kept = tmp_path / "data" / "secret_key"
    assert kept.stat().st_mode & 0o077 == 0
    assert len(first["SECRET_KEY"]) > 50


FULL_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
"""


def test_case_63_a_disk_that_is_full_at_the_first_start_leaves_no_empty_key_for_the_second(tmp_path: Path) -> None:
    full = in_fresh_process(FULL_DISK + "from gazesite import settings", tmp_path / "data")
    assert "File too large" in full.stderr
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["scratch"]
    assert len(settings(tmp_path, "SECRET_KEY")["SECRET_KEY"]) > 50


def test_a_port_changes_the_address_and_the_origins(tmp_path: Path) -> None:
    found = settings(tmp_path, "SITE_URL", "ALLOWED_ORIGINS", "DEBUG", PORT="3055")
    assert found["SITE_URL"] == "http://127.0.0.1:3055"
    assert "http://localhost:3055" in found["ALLOWED_ORIGINS"]
    assert found["DEBUG"] == "False"


def test_a_public_address_turns_the_transport_guards_on(tmp_path: Path) -> None:
    names = ("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_NAME")
    found = settings(tmp_path, *names, "ALLOWED_ORIGINS", SITE_URL="https://gaze.example")
    assert [found[name] for name in names] == ["True", "31536000", "True", "__Host-session"]
    assert found["ALLOWED_ORIGINS"] == "['https://gaze.example']"


def test_the_sites_own_host_is_allowed_whatever_others_are(tmp_path: Path) -> None:
    found = settings(tmp_path, "ALLOWED_HOSTS", SITE_URL="https://gaze.example", ALLOWED_HOSTS="other.example")
    assert found["ALLOWED_HOSTS"] == "['gaze.example', 'other.example']"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "0::0", "[::]"])
def test_listening_everywhere_the_site_is_at_addresses_that_work(tmp_path: Path, host: str) -> None:
    found = settings(tmp_path, "SITE_URL", "OWN_ADDRESSES", "ALLOWED_HOSTS", "ALLOWED_ORIGINS", HOST=host, PORT="3055")
    addresses = ast.literal_eval(found["OWN_ADDRESSES"])
    assert addresses[0] in ("http://127.0.0.1:3055", "http://[::1]:3055")
    assert found["SITE_URL"] == addresses[-1]
    for address in addresses:
        assert "0.0.0.0" not in address
        assert "[::]" not in address
        assert address in ast.literal_eval(found["ALLOWED_ORIGINS"])
        assert address.removeprefix("http://").removesuffix(":3055") in ast.literal_eval(found["ALLOWED_HOSTS"])


def test_an_ipv6_host_is_written_in_brackets(tmp_path: Path) -> None:
    found = settings(tmp_path, "SITE_URL", "ALLOWED_HOSTS", HOST="::1")
    assert found["SITE_URL"] == "http://[::1]:3000"
    assert "'[::1]'" in found["ALLOWED_HOSTS"]


def test_a_site_with_an_address_of_its_own_answers_to_no_address_of_its_machine(tmp_path: Path) -> None:
    found = settings(tmp_path, "OWN_ADDRESSES", "ALLOWED_HOSTS", HOST="0.0.0.0", SITE_URL="https://gaze.example")
    assert found["OWN_ADDRESSES"] == "[]"
    assert found["ALLOWED_HOSTS"] == "['127.0.0.1', 'gaze.example', 'localhost']"


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://gaze.example/", "https://gaze.example"),
        ("HTTPS://Gaze.Example:443", "https://gaze.example"),
        ("http://gaze.example:80", "http://gaze.example"),
        ("http://[2001:DB8::1]:3000/", "http://[2001:db8::1]:3000"),
    ],
)
def test_the_sites_address_is_written_as_browsers_write_origins(tmp_path: Path, given: str, origin: str) -> None:
    found = settings(tmp_path, "SITE_URL", "CSRF_TRUSTED_ORIGINS", "SECURE", SITE_URL=given)
    assert (found["SITE_URL"], found["CSRF_TRUSTED_ORIGINS"]) == (origin, f"['{origin}']")
    assert found["SECURE"] == str(origin.startswith("https"))


@pytest.mark.parametrize(("name", "value"), [("PORT", "three thousand")])
def test_a_malformed_setting_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    done = load(tmp_path, "PORT", **{name: value})
    assert done.returncode != 0
    assert f"{name} has a value that cannot be understood." in done.stderr
    assert value not in done.stderr  # it might be a secret


def test_mail_makes_verification_mandatory(tmp_path: Path) -> None:
    assert settings(tmp_path, "ACCOUNT_EMAIL_VERIFICATION")["ACCOUNT_EMAIL_VERIFICATION"] == "none"
    found = settings(tmp_path, "ACCOUNT_EMAIL_VERIFICATION", EMAIL_URL="smtp://user:pass@mail.example:25")
    assert found["ACCOUNT_EMAIL_VERIFICATION"] == "mandatory"
