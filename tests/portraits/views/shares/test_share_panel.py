"""Share panel after a change."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from portraits.models import Portrait
from portraits.views.shares.share_panel import panel


@pytest.mark.parametrize(("headers", "alone"), [({"X-Requested-With": "fetch"}, True), ({}, False)])
def test_scripts_get_the_panel_alone_and_forms_a_page(portrait: Portrait, headers: dict[str, str], alone: bool) -> None:
    request = RequestFactory().get("/", headers=headers)
    request.user = portrait.owner
    answer = panel(request, portrait, 201)
    assert answer.status_code == 201
    assert ("<html" not in answer.content.decode()) == alone
    assert 'id="share"' in answer.content.decode()
