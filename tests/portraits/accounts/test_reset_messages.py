"""Messages with which a password is reset are bounded, and a sign-in gives them back."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.test import Client

from portraits.models import User
from tests.portraits.accounts.test_adapter import link_in, sign_in


def ask(email: str, times: int) -> None:
    for _ in range(times):
        Client().post("/accounts/password/reset/", {"email": email})


def test_after_a_sign_in_has_ended_the_links_there_are_new_messages(
    owner: User, anonymous: Client, mailoutbox: list[EmailMessage]
) -> None:
    ask(owner.email, 6)
    assert len(mailoutbox) == 5
    sign_in(anonymous, owner.email)
    ask(owner.email, 1)
    assert len(mailoutbox) == 6
    assert "Choose a new password" in Client().get(link_in(mailoutbox[-1]), follow=True).content.decode()
