"""Every address of the site."""

from django.urls import include, path

from portraits.admin import desk

urlpatterns = [
    path("admin/", desk.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("portraits.urls")),
]

handler500 = "portraits.views.server_error.server_error"
