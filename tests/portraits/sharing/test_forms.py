"""Form for a new share link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portraits.models import Portrait
from portraits.sharing.forms import DAYS, ShareForm


@pytest.mark.parametrize("days", [value for value, _ in DAYS if value])
def test_so_many_days(portrait: Portrait, days: str) -> None:
    form = ShareForm({"days": days}, portrait=portrait)
    assert form.is_valid()
    assert form.expires_at is not None
    assert abs(form.expires_at - timezone.now() - timedelta(days=int(days))) < timedelta(minutes=1)


def test_without_a_number_for_ever(portrait: Portrait) -> None:
    for sent in ({"days": ""}, {}):
        form = ShareForm(sent, portrait=portrait)
        assert form.is_valid()
        assert form.expires_at is None
