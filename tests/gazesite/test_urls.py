"""The handler of errors that the site's addresses name, on a real database that another process has locked."""

from __future__ import annotations

import json
from pathlib import Path

from tests.gazesite.fresh_process import SET_UP, in_fresh_process

SCRIPT = """
import io, json, logging, sqlite3, sys
from django.conf import settings
logging.disable(logging.CRITICAL)
settings.DATABASES["default"]["OPTIONS"]["timeout"] = 0.2
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from portraits import readiness
from portraits.models import Render, Session, ShareLink
from tests.portraits import factories, photos
person = factories.user("person")
session = factories.session(factories.portrait(person))
factories.complete(factories.claimed(session))
_, token = ShareLink.create_for(session.portrait)
waiting = factories.upload(person)
client = factories.signed_in(person)
client.raise_request_exception = False
client.get("/")
locker = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
locker.execute("BEGIN IMMEDIATE")
readiness.TIMEOUT = 5.0
pages = ["/portraits/", f"/portraits/{session.portrait_id}/", f"/s/{token}/", f"/s/{token}/manifest.json", "/livez"]
reads = [client.get(page).status_code for page in pages]
json_wanted = {"Accept": "application/json"}
login = {"login": "person@example.com", "password": factories.PASSWORD}
writes = [
    client.post(f"/portraits/{session.portrait_id}/title/", {"title": "New"}, headers=json_wanted),
    client.post(f"/uploads/{waiting.pk}/", {"face": "0"}, headers=json_wanted),
    client.post(f"/portraits/{session.portrait_id}/delete/", headers=json_wanted),
    Client(raise_request_exception=False).post("/accounts/login/", login, headers=json_wanted),
]
ready = client.get("/readyz")
locker.execute("ROLLBACK")
readiness.dependencies.clear_cache()
again = client.post(f"/portraits/{session.portrait_id}/title/", {"title": "New"})
print(json.dumps({
    "reads": reads,
    "writes": [[each.status_code, each.get("Retry-After"), each.get("Content-Type")] for each in writes],
    "ready": [ready.status_code, ready.content.decode()],
    "after": [again.status_code, client.get("/readyz").status_code],
}))
"""


def test_while_the_database_is_locked_pages_are_read_and_changes_are_asked_for_again(tmp_path: Path) -> None:
    ended = in_fresh_process(SET_UP + SCRIPT, tmp_path, ALLOWED_HOSTS="testserver")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["reads"] == [200] * 5
    assert found["ready"] == [503, "the database does not answer\n"]
    assert found["after"] == [302, 200]
    assert found["writes"] == [[503, "10", "application/json"]] * 4
