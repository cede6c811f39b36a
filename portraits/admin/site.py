"""Admin site, entered by the site's own sign-in with its limits, and the base of its model admins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode

from portraits.admin.actions import AuditedAction
from portraits.admin.gpu import gpu_page
from portraits.admin.search import BoundedChangeList
from portraits.models import Render, Report, Session

if TYPE_CHECKING:  # generic in its stubs only
    AnyAdmin = admin.ModelAdmin[Any]
else:
    AnyAdmin = admin.ModelAdmin


class ModerationSite(admin.AdminSite):
    """Admin site of moderators and operators."""

    site_header = "gaze"
    site_title = "gaze"
    index_title = "Administration"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the user is staff with any permission on this app."""
        return super().has_permission(request) and request.user.has_module_perms("portraits")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Index page with counts of what waits for staff."""
        waiting = {
            "open_reports": Report.objects.open().count(),
            "failed_sessions": Session.objects.filter(renders__state=Render.State.FAILED).count(),
        }
        return super().index(request, {**(extra_context or {}), **waiting})

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Addresses with the GPU's page, which belongs to no model."""
        return [path("gpu/", self.admin_view(partial(gpu_page, self)), name="gpu"), *super().get_urls()]

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect to the site's own sign-in; 403 for a user who is signed in and may not work here."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        target = wanted if get_adapter().is_safe_url(wanted) else reverse("admin:index")
        if self.has_permission(request):
            return redirect(target)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(target)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Sign-out by form only: a link leads to the page that asks."""
        if request.method != "POST":
            return redirect("account_logout")
        get_adapter().logout(request)
        return redirect("home")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        return redirect("account_change_password")


moderation_site = ModerationSite(name="admin")


class ReadOnlyAdmin(AnyAdmin):
    """Model admin without forms. Rows are changed by the audited actions that a user has the permission for."""

    audited_actions: tuple[AuditedAction, ...] = ()
    """Actions on its rows."""
    cross_links: tuple[str, ...] = ()
    """Lookups with which other pages link to this list, beside those of its filters."""
    list_per_page = 25  # each ticked row is a form field, of which a request may have 50
    change_form_template = "admin/portraits/change_form.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(f"portraits.view_{self.opts.model_name}")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Whether the list offers it: Django would answer any lookup of any column, hashed passwords included."""
        return request is not None and lookup in self.offered_lookups(request)

    def offered_lookups(self, request: HttpRequest) -> set[str]:
        """Parameters of the list's own filters, of its date hierarchy, and of links on other pages."""
        filters = (self._filter(request, entry) for entry in self.get_list_filter(request))
        offered = {parameter for each in filters for parameter in each.expected_parameters()}
        if self.date_hierarchy:
            offered |= {f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day")}
        return offered | set(self.cross_links)

    def _filter(self, request: HttpRequest, entry: Any) -> Any:
        """A filter as the list makes it, with nothing chosen. entry: an item of list_filter."""
        if callable(entry):
            return entry(request, {}, self.model, self)
        path, make = entry if isinstance(entry, tuple | list) else (entry, admin.FieldListFilter.create)
        field = get_fields_from_path(self.model, path)[-1]
        return make(field, request, {}, self.model, self, field_path=path)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Never: nothing here is chosen in a pop-up or completed while typing, and rows are named by their key only."""
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Audited actions that this user may take, and none of Django's."""
        return {action.name: (action.run, action.name, action.label) for action in self._allowed_actions(request)}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        fitting = [action for action in self._allowed_actions(request) if row is not None and action.applies_to(row)]
        shown = {"title": str(row), "subtitle": None, "audited_actions": fitting}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {**(extra_context or {}), "title": title})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """List with its rows read; raises IncorrectLookupParameters for a value that a column cannot have.

        Django notices only those that it cannot parse; the rest fail in the database's adapter.
        """
        try:
            return super().get_changelist_instance(request)
        except (DataError, OverflowError, ValidationError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Answer of an action; raises BadRequest for a ticked row whose key no row can have."""
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.clean(key, None)
        except ValidationError as error:
            raise BadRequest(f"{key!r} is no key of a row.") from error
        return super().response_action(request, queryset, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Redirect to the row's entries in the audit log."""
        return redirect(f"{reverse('admin:portraits_auditentry_changelist')}?{urlencode({'q': object_id})}")

    def guarded(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """View of a further page, for users who may view these rows."""

        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return self.admin_site.admin_view(wrapped)

    def _allowed_actions(self, request: HttpRequest) -> list[AuditedAction]:
        return [action for action in self.audited_actions if request.user.has_perm(action.permission)]
