"""Admin of users: bans, and, for superusers, the groups of staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from portraits import moderation
from portraits.admin.actions import AuditedAction
from portraits.admin.site import ReadOnlyAdmin, moderation_site
from portraits.http.signed_in_user import signed_in_user
from portraits.models import User
from portraits.times import moment_in_words


@admin.register(User, site=moderation_site)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("email", "state", "is_staff", "portraits", "last_login", "date_joined")
    list_filter = ("is_active", ("guest_until", admin.EmptyFieldListFilter), "is_staff", "groups", "date_joined")
    search_fields = ("email",)
    ordering = ("-date_joined",)
    fields = ("email", "state", "portraits_page", "last_login", "date_joined", "is_staff", "is_superuser", "groups")
    readonly_fields = ("email", "state", "portraits_page", "last_login", "date_joined")
    audited_actions = (
        AuditedAction(
            "ban",
            "Ban",
            "They are signed out everywhere, their renders stop, and their share links are dead. "
            "The open reports about their portraits are closed.",
            "portraits.change_user",
            moderation.ban,
            lambda user: user.is_active,
            destructive=True,
        ),
        AuditedAction(
            "unban",
            "Unban",
            "They can sign in again, and their share links work.",
            "portraits.change_user",
            moderation.unban,
            lambda user: not user.is_active,
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user is a superuser: they alone choose who moderates, and a guest cannot."""
        return bool(request.user.is_active and request.user.is_superuser) and not (obj is not None and obj.is_guest)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request).annotate(portrait_count=Count("portraits"))
        return rows

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Groups as boxes to tick, since there are two."""
        return super().formfield_for_manytomany(db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        moderation.log_rights(signed_in_user(request), form.instance)

    @admin.display(description="state", ordering="is_active")
    def state(self, user: User) -> str:
        if not user.is_active:
            return "Banned"
        return f"Guest until {moment_in_words(user.guest_until)}" if user.guest_until else "Active"

    @admin.display(description="portraits", ordering="portrait_count")
    def portraits(self, user: Any) -> int:
        count: int = user.portrait_count
        return count

    @admin.display(description="portraits")
    def portraits_page(self, user: Any) -> str:
        where = reverse("admin:portraits_portrait_changelist")
        return format_html('<a href="{}?owner__id__exact={}">{}</a>', where, user.pk, user.portrait_count)
