"""Whether a request carries the cookie of a user who is signed in."""

from __future__ import annotations

import pytest
from django.test import Client

from gazesite.middleware.session_user import signed_in_user
from tests.portraits import factories

pytestmark = pytest.mark.django_db(transaction=True)


def scope(*cookies: str) -> dict[str, object]:
    return {"type": "http", "headers": [(b"cookie", cookie.encode("latin-1")) for cookie in cookies]}


@pytest.fixture
def cookie(transactional_db: None) -> str:
    client: Client = factories.signed_in(factories.user("owner"))
    return client.cookies["session"].value


async def test_a_session_with_a_user_is_signed_in(cookie: str) -> None:
    assert await signed_in_user(scope(f"session={cookie}"))
    assert await signed_in_user(scope(f"csrf=x; session={cookie}; other=1"))


@pytest.mark.parametrize("sent", [[], ["session=nobodys"], ["session="], ["csrf=x"], ["session\x00=\xff;;=;"]])
async def test_anybody_else_is_not(sent: list[str]) -> None:
    assert await signed_in_user(scope(*sent)) is None
