"""The admin site, entered by the site's own sign-in with its limits, and what its pages have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator

from portraits.admin.deeds import Deed
from portraits.admin.gpu import gpu_page
from portraits.models import Render, Report, Session

if TYPE_CHECKING:  # generic in its stubs only
    AnyAdmin = admin.ModelAdmin[Any]
else:
    AnyAdmin = admin.ModelAdmin


class Desk(admin.AdminSite):
    site_header = "gaze"
    site_title = "gaze"
    index_title = "Administration"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff that may do anything here at all."""
        return super().has_permission(request) and request.user.has_module_perms("portraits")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """With what waits for somebody."""
        waiting = {
            "open_reports": Report.objects.filter(closed_at=None).count(),
            "failed_sessions": Session.objects.filter(renders__state=Render.State.FAILED).count(),
        }
        return super().index(request, {**(extra_context or {}), **waiting})

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """With the GPU's page, which belongs to no model."""
        return [path("gpu/", self.admin_view(partial(gpu_page, self)), name="gpu"), *super().get_urls()]

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """By the site's own door; whoever is inside already and may not work here is told so."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        target = wanted if get_adapter().is_safe_url(wanted) else reverse("admin:index")
        if self.has_permission(request):
            return redirect(target)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(target)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        get_adapter().logout(request)
        return redirect("home")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        return redirect("account_change_password")


desk = Desk(name="admin")


class Drawer(AnyAdmin):
    """Rows to look at. What can be done with them are the deeds that a person may do."""

    deeds: tuple[Deed, ...] = ()
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

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One for each deed that this person may do."""
        return {deed.name: (deed.act, deed.name, deed.label) for deed in self._deeds_of(request)}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        fitting = [deed for deed in self._deeds_of(request) if row is not None and deed.fits(row)]
        shown = {"title": str(row), "subtitle": None, "deeds": fitting}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {**(extra_context or {}), "title": title})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """In the audit log."""
        return redirect(f"{reverse('admin:portraits_auditentry_changelist')}?q={object_id}")

    def guarded(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """A further page of this drawer, for whoever may look into it."""

        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return self.admin_site.admin_view(wrapped)

    def _deeds_of(self, request: HttpRequest) -> list[Deed]:
        return [deed for deed in self.deeds if request.user.has_perm(deed.permission)]
