"""Form for a new share link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portraits.models import Portrait, ShareLink
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


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  Granny\t and\r\n Grandpa ", "Granny and Grandpa"),
        ("\u202egpj.exe\u2066 a\u200fb", "gpj.exe a b"),
        ("עברית ونص 👩‍👧", "עברית ونص 👩‍👧"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("", ""),
        ("\u200b\u2060 \u0301", ""),
    ],
)
def test_a_name_has_no_control_characters_and_turns_nothing_around(portrait: Portrait, sent: str, kept: str) -> None:
    form = ShareForm({"name": sent}, portrait=portrait)
    assert form.is_valid()
    assert form.cleaned_data["name"] == kept


@pytest.mark.parametrize("sent", ["a" * (ShareLink.NAME_LENGTH + 1), "a\0b"])
def test_a_name_too_long_or_with_a_null_is_refused(portrait: Portrait, sent: str) -> None:
    assert "name" in ShareForm({"name": sent}, portrait=portrait).errors
