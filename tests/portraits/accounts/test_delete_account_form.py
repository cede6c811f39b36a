"""Form that asks before an account is deleted."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from portraits.accounts.delete_account_form import DeleteAccountForm
from portraits.models import User
from tests.portraits import factories


def form(user: User, **fields: str) -> DeleteAccountForm:
    data = QueryDict(mutable=True)
    data.update({f"delete-account-{name}": value for name, value in fields.items()})
    return DeleteAccountForm(user, data)


def test_it_asks_for_the_password(owner: User) -> None:
    assert list(form(owner).fields) == ["password"]
    assert form(owner, password=factories.PASSWORD).is_valid()


def test_a_password_with_spaces_around_is_another(owner: User) -> None:
    assert not form(owner, password=f" {factories.PASSWORD}").is_valid()


@pytest.mark.parametrize(("word", "valid"), [("DELETE", True), ("Delete", False), ("", False)])
def test_without_a_password_it_asks_for_a_word(owner: User, word: str, valid: bool) -> None:
    owner.set_unusable_password()
    assert list(form(owner).fields) == ["word"]
    assert form(owner, word=word).is_valid() is valid
