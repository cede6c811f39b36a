"""`manage.py fsck`."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from portraits.files import storage
from portraits.models import Portrait


def test_it_says_that_everything_agrees(portrait: Portrait) -> None:
    said = io.StringIO()
    call_command("fsck", stdout=said)
    assert said.getvalue() == "Rows, files and hashes agree.\n"


@pytest.mark.spoiled
def test_it_names_each_difference_and_ends_with_an_error(portrait: Portrait) -> None:
    storage.put("photos/nobodys/photo.webp", b"lost")
    said = io.StringIO()
    with pytest.raises(CommandError, match=r"^1 differences\.$"):
        call_command("fsck", stdout=said)
    assert said.getvalue() == "orphan: photos/nobodys/photo.webp\n"
