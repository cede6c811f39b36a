"""Values that no row can have are refused by every list as the client's mistake, never as an outage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from portraits.admin.site import moderation_site
from portraits.models import Portrait, Session, User
from tests.portraits import factories
from tests.portraits.factories import signed_in

pytestmark = pytest.mark.slow  # every list of the admin is asked with every bad value

LISTS = {str(model._meta.model_name): model_admin for model, model_admin in moderation_site._registry.items()}
VALUES = [
    "", "x", "-1", "9" * 40, "9" * 5000, "\x00", "a\x00b", "\ud7ff", "None", "a" * 9000, "'\"\\", "maybe",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01", "9999-12-31", "2026-11-28 00:00:00\x00",
    "99999-01-01", "2026-02-30",
]  # fmt: skip
OWN = {"q": [*VALUES, "a " * 1200, '"' * 50, "a b " * 49], "o": [*VALUES, "1.-1." * 1000, "-99"], "p": VALUES}
"""Parameters of every list, beside those of its filters."""


@pytest.fixture
def superuser(db: None) -> User:
    return factories.user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def root(superuser: User, portrait: Portrait, rendering: Session) -> Client:
    """A client that gets an answer where a view raises."""
    client = signed_in(superuser)
    client.raise_request_exception = False
    return client


def queries(name: str, client: Client, superuser: User) -> Iterator[tuple[str, str]]:
    request = client.get("/admin/").wsgi_request
    offered: set[str] = LISTS[name].offered_lookups(request)  # type: ignore[attr-defined]
    yield from ((lookup, value) for lookup in sorted(offered) for value in VALUES)
    yield from ((parameter, value) for parameter, values in OWN.items() for value in values)


@pytest.mark.parametrize("name", sorted(LISTS))
@pytest.mark.filterwarnings("ignore:.*received a naive datetime")  # a date without a zone is a good value
def test_no_value_of_a_parameter_is_an_outage(name: str, root: Client, superuser: User) -> None:
    answers = {
        (parameter, value[:30]): root.get(f"/admin/portraits/{name}/", {parameter: value}).status_code
        for parameter, value in queries(name, root, superuser)
    }
    assert {asked: status for asked, status in answers.items() if status not in (200, 302, 400)} == {}


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
@pytest.mark.parametrize("lookup", ["user/?date_joined__gte", "portrait/?created_at__gte", "charge/?changed_at__lt"])
def test_a_date_that_no_row_can_have_leads_back_to_the_list(root: Client, lookup: str, value: str) -> None:
    page, _, parameter = lookup.partition("?")
    assert root.get(f"/admin/portraits/{page}", {parameter: value})["Location"] == f"/admin/portraits/{page}?e=1"


@pytest.mark.parametrize("key", ["x", "\x00", "1\x00", "9" * 40, "9" * 5000, "-" + "9" * 40, "", "1.5"])
@pytest.mark.parametrize(
    ("name", "action"), [("user", "ban"), ("portrait", "hide"), ("session", "cancel"), ("report", "close")]
)
def test_a_ticked_row_that_cannot_be_is_a_bad_request(root: Client, name: str, action: str, key: str) -> None:
    for more in ({}, {"confirmed": "yes", "reason": "x"}):
        asked = {"action": action, "_selected_action": key, **more}
        assert root.post(f"/admin/portraits/{name}/", asked).status_code == 400
