"""allauth's forms with the site's labels."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.utils.module_loading import import_string

from portraits.accounts import forms


def test_every_form_in_the_settings_is_one_of_ours() -> None:
    for path in settings.ACCOUNT_FORMS.values():
        assert issubclass(import_string(path), forms.SiteFormMixin)


@pytest.mark.parametrize("page", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"])
def test_no_field_says_its_label_twice(anonymous: Client, db: None, page: str) -> None:
    text = anonymous.get(page).content.decode()
    assert "placeholder=" not in text
    assert "E-mail address</label>" in text


def test_signing_up_does_not_ask_for_a_new_password(anonymous: Client, db: None) -> None:
    text = anonymous.get("/accounts/signup/").content.decode()
    assert ">Password</label>" in text
    assert forms.PASSWORD_RULES in text
