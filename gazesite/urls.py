"""Root URL configuration of the site."""

from django.urls import include, path, re_path

from portraits.admin.site import moderation_site
from portraits.views.accounts.confirm_email import ConfirmEmail
from portraits.views.accounts.reset_password import ResetPassword

accounts = [
    # Before allauth's own of these names.
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", ConfirmEmail.as_view(), name="account_confirm_email"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        ResetPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("", include("allauth.urls")),
]

urlpatterns = [
    path("admin/", moderation_site.urls),
    path("accounts/", include(accounts)),
    path("", include("portraits.urls")),
]

handler500 = "portraits.views.server_error.server_error"
