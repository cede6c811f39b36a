"""Audited actions of the admin: each asks for a reason on a page of its own, then acts on the ticked rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from portraits.http.signed_in_user import signed_in_user
from portraits.models.audit import REASON_LENGTH
from portraits.moderation import NotAllowed


class ReasonForm(forms.Form):
    """Form that asks for the reason of an action."""

    reason = forms.CharField(
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text="It is kept in the audit log, and cannot be changed afterwards.",
    )


@dataclass(frozen=True)
class AuditedAction:
    """Action on rows that asks for a reason and is written into the audit log."""

    name: str
    """Value by which a form names it."""
    label: str
    """Words on its button."""
    consequence: str
    """Sentence of the page that asks for the reason."""
    permission: str
    """Permission that it needs, such as "portraits.change_portrait"."""
    perform: Callable[[Any, Any, str], bool]
    """Function of user, row and reason; returns whether it changed anything."""
    applies_to: Callable[[Any], bool]
    """Whether it makes sense for a row."""
    destructive: bool = False
    """Whether its button warns."""

    def run(
        self, model_admin: admin.ModelAdmin[Any], request: HttpRequest, rows: QuerySet[Model]
    ) -> HttpResponse | None:
        """Django's admin action for the ticked rows. None leads back to the list."""
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask(model_admin, request, rows, form)
        done = 0
        for row in rows:
            try:
                done += self.perform(signed_in_user(request), row, form.cleaned_data["reason"])
            except NotAllowed as refusal:
                messages.error(request, str(refusal))
        say = messages.success if done else messages.warning
        say(request, f"{self.label}: done for {done} of {len(rows)}.")
        return None

    def _ask(
        self, model_admin: admin.ModelAdmin[Any], request: HttpRequest, rows: QuerySet[Model], form: ReasonForm
    ) -> HttpResponse:
        context = {
            **model_admin.admin_site.each_context(request),
            "title": self.label,
            "action": self,
            "rows": rows,
            "form": form,
            "opts": model_admin.opts,
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/portraits/reason.html", context)
