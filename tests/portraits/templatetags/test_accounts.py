"""Template tags of the account pages."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from portraits.templatetags.accounts import sends_mail


@pytest.mark.parametrize("has_mail", [True, False])
def test_it_is_what_the_settings_say(settings: Settings, has_mail: bool) -> None:
    settings.HAS_MAIL = has_mail
    assert sends_mail() is has_mail
