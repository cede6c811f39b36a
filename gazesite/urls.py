"""Every address of the site."""

from django.urls import include, path, re_path

from portraits.admin import desk
from portraits.views.confirm_email import ConfirmEmail

accounts = [
    # Before allauth's own of this name.
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", ConfirmEmail.as_view(), name="account_confirm_email"),
    path("", include("allauth.urls")),
]

urlpatterns = [
    path("admin/", desk.urls),
    path("accounts/", include(accounts)),
    path("", include("portraits.urls")),
]

handler500 = "portraits.views.server_error.server_error"
