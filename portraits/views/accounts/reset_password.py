"""Page of the link in a reset message: allauth's, with nothing kept between its two requests."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import UserTokenForm
from allauth.account.views import PasswordResetFromKeyView
from allauth.decorators import rate_limit
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.generic.edit import FormView


@method_decorator(rate_limit(action="reset_password_from_key"), name="dispatch")
@method_decorator(login_not_required, name="dispatch")
class ResetPassword(PasswordResetFromKeyView):  # type: ignore[misc]  # allauth has no types
    """GET asks, POST sets the password.

    allauth puts the key into the session, where a leaked database would give it away, and by a GET signs out a user
    who is signed in with another account. Here the key stays in the address, which no other site gets to see
    (Referrer-Policy) and no log keeps.
    """

    def dispatch(self, request: HttpRequest, uidb36: str, key: str, **kwargs: Any) -> HttpResponseBase:
        self.key, self.reset_user = key, None
        token = UserTokenForm(data={"uidb36": uidb36, "key": key})
        if not token.is_valid():
            refused: HttpResponseBase = self.render_to_response(self.get_context_data(token_fail=True))
            return refused
        self.reset_user = token.reset_user
        if request.method == "POST" and request.user.is_authenticated and request.user != self.reset_user:
            self.logout()
        return FormView.dispatch(self, request, uidb36, key, **kwargs)
