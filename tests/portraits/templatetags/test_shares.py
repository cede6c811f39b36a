"""Template tags of the share panel."""

from __future__ import annotations

from portraits.models import Portrait, ShareLink
from portraits.models.share import hash_token
from portraits.sharing.forms import ShareForm
from portraits.templatetags.shares import address, share_form


def test_a_panel_begins_with_a_fresh_form(portrait: Portrait) -> None:
    form = share_form({}, portrait)
    assert not form.is_bound
    assert form.initial == {"days": ""}


def test_a_panel_shows_the_form_that_was_sent_with_what_was_wrong(portrait: Portrait) -> None:
    sent = ShareForm({"days": "nonsense"}, portrait=portrait)
    assert not sent.is_valid()
    assert share_form({"share_form": sent}, portrait) is sent


def test_the_address_of_a_link_is_empty_where_it_is_not_known(portrait: Portrait) -> None:
    link, token = ShareLink.create_for(portrait)
    assert address(link).endswith(f"/s/{token}/")
    link.token_hash = hash_token("of another key")
    assert address(link) == ""
