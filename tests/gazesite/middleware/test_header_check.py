"""Headers that Django's parser does not survive, at the whole site."""

from __future__ import annotations

import httpx
import pytest
from django.conf import settings

from gazesite.asgi import application
from gazesite.middleware.header_check import is_valid_content_type

pytestmark = pytest.mark.django_db(transaction=True)

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
CODECS = ["zlib", "rot13", "hex", "bz2", "idna", "undefined", "latin-1", "utf-8-sig", "utf-16", "punycode", "bogus"]
UNREADABLE = [
    "text/plain; charset*=bogus''x",
    "text/plain; charset*=idna''%C3%A4",
    "text/plain; charset*=a%00b''x",
    "text/plain; x*0*=idna''%C3%A4; x*1*=%ff",
    "text/plain;x*=undefined''%ff",
    "multipart/form-data; boundary*=idna''b",
    "multipart/form-data; boundary*=zlib''b",
    f"{FORM}; charset*=utf-8''latin-1",
    f"{FORM}; charset*0=lat; charset*1=in-1",
    f"{FORM}; charset=utf-8; charset=hex",
    f"{FORM}; charset=",
    f'{FORM}; charset="<zlib>"',
    f'{FORM}; charset="a\\"; charset=hex"',
    f'{FORM};CHARSET = "idna"',
    'a/b; c="' + ";" * 5_000,
    "a/b; c=" + "d" * 600,
    "multipart/form-data; boundary=\xe4",
    "multipart/form-data; boundary=a\x00b",
    "application/x-www-form-urlencoded\x0b; charset=hex",
    *(f"{FORM}; charset={each}" for each in CODECS),
    *(f'{PARTS}; charset="{each}"' for each in CODECS),
]
READABLE = [
    "",
    FORM,
    f"{FORM};charset=UTF-8",
    f'{FORM}; charset="utf-8";',
    "text/plain;charset=UTF-8",
    "application/json; charset=utf8",
    "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
    "multipart/form-data; boundary=----geckoformboundary9051914041544843365972754266",
    'multipart/form-data; boundary="a b/c:d=e?"; charset=utf-8',
    "image/svg+xml",
    "application/vnd.api+json",
    "blob",
]


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url=settings.SITE_URL)


async def ask(method: str, path: str, name: str, value: str) -> httpx.Response:
    async with client() as http:
        headers = [(name.encode(), value.encode("latin-1")), (b"accept", b"application/json")]
        return await http.request(method, path, content=b"--b--\r\n", headers=headers)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/accounts/login/"), ("OPTIONS", "/upload/"), ("GET", "/static/a")]
)
async def test_a_type_that_django_cannot_read_is_refused(method: str, path: str) -> None:
    answers = {kind: await ask(method, path, "Content-Type", kind) for kind in UNREADABLE}
    assert {kind: answer.status_code for kind, answer in answers.items()} == dict.fromkeys(UNREADABLE, 400)
    assert {answer.json()["code"] for answer in answers.values()} == {"bad_content_type"}


async def test_types_that_browsers_send_pass() -> None:
    assert [kind for kind in READABLE if not is_valid_content_type(kind.encode())] == []
    for kind in READABLE:
        assert (await ask("GET", "/", "Content-Type", kind)).status_code == 200
        assert (await ask("POST", "/accounts/login/", "Content-Type", kind)).status_code < 500


async def test_two_types_are_refused() -> None:
    async with client() as http:
        headers = [("Content-Type", FORM), ("Content-Type", "text/plain")]
        assert (await http.post("/accounts/login/", content=b"", headers=headers)).status_code == 400


HOSTILE_NAMES = [
    *("Accept", "Accept-Language", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "Range", "If-Range"),
    *("Cookie", "Referer", "Origin", "X-CSRFToken", "X-Requested-With"),
]
HOSTILE_VALUES = [
    "text/html; a*=bogus''x",
    "text/html; a*=idna''%C3%A4",
    "a*=a%00b''x; a*=utf-8''x; a*0=y",
    "\xff\xfe;q=\xb2",
    "bytes=99999999999999999999-",
    "bytes=\xb2-\xb3",
    'W/"\xff,"*',
    "de;q=nan,en;q=1e999,*;q=-1",
    "en-" * 2_000,
    "http://[",
    "session=\xff; csrf=\xff; known=\xff:\xff",
    "Thu, 99 Foo 99999 99:99:99 GMT",
]


@pytest.mark.parametrize("path", ["/accounts/login/", "/static/gaze/gaze-tracker.js"])
async def test_no_value_of_a_header_is_an_error_of_the_site(path: str) -> None:
    for name in HOSTILE_NAMES:
        for value in HOSTILE_VALUES:
            assert (await ask("GET", path, name, value)).status_code < 500, (name, value)
            assert (await ask("POST", path, name, value)).status_code < 500, (name, value)


@pytest.mark.parametrize(
    "parameters",
    ["name*=utf-8''x; name*0=y", "name*=bogus''x", "name*=idna''%C3%A4", "name=a; filename*=a%00b''x", "name=\xff"],
)
async def test_a_part_of_a_form_that_django_cannot_read_is_no_error_of_the_site(parameters: str) -> None:
    body = f"--b\r\nContent-Disposition: form-data; {parameters}\r\n\r\nx\r\n--b--\r\n".encode("latin-1")
    headers = {"Content-Type": PARTS, "Cookie": f"{settings.CSRF_COOKIE_NAME}={'a' * 32}"}
    async with client() as http:
        assert (await http.post("/accounts/login/", content=body, headers=headers)).status_code in (400, 403)
