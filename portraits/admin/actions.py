"""Something that is done to rows, for a reason: first a page that asks for it, then the deed."""

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
    reason = forms.CharField(
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text="It is kept in the audit log, and cannot be changed afterwards.",
    )


@dataclass(frozen=True)
class Deed:
    """perform: (who, row, reason) → whether it did anything; fits: whether it makes sense for a row."""

    name: str
    label: str
    consequence: str
    permission: str
    perform: Callable[[Any, Any, str], bool]
    fits: Callable[[Any], bool]
    grave: bool = False

    def act(self, drawer: admin.ModelAdmin[Any], request: HttpRequest, rows: QuerySet[Model]) -> HttpResponse | None:
        """As the admin calls it for ticked rows. None is back to the list."""
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask(drawer, request, rows, form)
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
        self, drawer: admin.ModelAdmin[Any], request: HttpRequest, rows: QuerySet[Model], form: ReasonForm
    ) -> HttpResponse:
        context = {
            **drawer.admin_site.each_context(request),
            "title": self.label,
            "deed": self,
            "rows": rows,
            "form": form,
            "opts": drawer.opts,
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/portraits/reason.html", context)
