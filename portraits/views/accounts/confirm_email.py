"""Page of the link in a confirmation message: allauth's, which also explains a link that is spent."""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from allauth.account.views import ConfirmEmailView
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse


class ConfirmEmail(ConfirmEmailView):  # type: ignore[misc]  # allauth has no types
    """GET asks, POST confirms. Where there is nothing to confirm, both say why: `spent` is the reason's code."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """Page that asks. It signs out no user of another account, as allauth's does: a link must not do that."""
        try:
            self.object = self.get_object()
        except Http404:
            return self._explain(key)
        return self._page()

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        try:
            response: HttpResponse = super().post(request, key)
        except Http404:
            return self._explain(key)
        return response

    def _explain(self, key: str) -> HttpResponse:
        self.object = None
        spent, email = reason_spent(key)
        return self._page(spent=spent, email=email)

    def _page(self, **more: str) -> HttpResponse:
        response: HttpResponse = self.render_to_response({**self.get_context_data(), **more})
        return response


def reason_spent(key: str) -> tuple[str, str]:
    """Code of the reason why a key confirms nothing, and the address: "confirmed" already, "expired", "gone" (the
    account has another address by now, or is deleted) or "wrong", without an address.
    """
    try:
        made_for = signing.loads(key, salt=app_settings.SALT)
    except signing.BadSignature:
        return "wrong", ""
    address = EmailAddress.objects.filter(pk=made_for).first()
    if address is None:
        return "gone", ""
    return "confirmed" if address.verified else "expired", address.email
