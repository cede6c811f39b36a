"""Form in which a visitor types the password of a share link."""

from __future__ import annotations

import pytest

from portraits.sharing.password_form import PasswordForm


@pytest.mark.parametrize(("typed", "valid"), [("open sesame", True), ("", False), ("x" * 101, False), ("a\0b", False)])
def test_what_may_be_one_is_taken(typed: str, valid: bool) -> None:
    assert PasswordForm({"password": typed}).is_valid() is valid


def test_it_never_shows_what_was_typed() -> None:
    assert "open sesame" not in str(PasswordForm({"password": "open sesame"}))
