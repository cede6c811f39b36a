"""Template tags of the share panel."""

from __future__ import annotations

from portraits.models import Portrait
from portraits.sharing.forms import ShareForm
from portraits.templatetags.shares import share_form


def test_a_panel_begins_with_a_fresh_form(portrait: Portrait) -> None:
    form = share_form({}, portrait)
    assert not form.is_bound
    assert form.initial == {"days": ""}


def test_a_panel_shows_the_form_that_was_sent_with_what_was_wrong(portrait: Portrait) -> None:
    sent = ShareForm({"days": "nonsense"}, portrait=portrait)
    assert not sent.is_valid()
    assert share_form({"share_form": sent}, portrait) is sent
