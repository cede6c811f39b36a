"""`python -m tests.bench.bare_site`: what a page of Django costs on this machine before anybody adds anything to it.

One signed-in page with one query by an index and one template, behind the site's own middleware but for guests, on the
site's own kind of database, served by Daphne. GAZE_DATA: its folder, where `cookie` then has the session's
key; PORT: where it listens. The module is its settings, too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gazesite import settings as ours

NAME = "Everybody"
PAGE = """<!doctype html><html lang="en"><title>{{ group.name }}</title>
<h1>{{ group.name }}</h1><p>Group {{ group.pk }} is shown to {{ user.get_username }}.</p></html>"""

# --- its settings

SECRET_KEY = ours.SECRET_KEY
ALLOWED_HOSTS = ours.ALLOWED_HOSTS
MIDDLEWARE = [name for name in ours.MIDDLEWARE if name != "gazesite.middleware.guest_user.GuestMiddleware"]
"""The site's, without the one that asks the site's own users."""
INSTALLED_APPS = [name for name in ours.INSTALLED_APPS if name.startswith("django.contrib.") and "admin" not in name]
INSTALLED_APPS += ["allauth", "allauth.account", "csp"]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
DATABASES = ours.DATABASES
DEFAULT_AUTO_FIELD = ours.DEFAULT_AUTO_FIELD
CACHES = ours.CACHES
CONTENT_SECURITY_POLICY = ours.CONTENT_SECURITY_POLICY
MESSAGE_STORAGE = ours.MESSAGE_STORAGE
LOGGING = ours.LOGGING
STATIC_URL = ours.STATIC_URL
SESSION_COOKIE_NAME = ours.SESSION_COOKIE_NAME
USE_TZ = True
ROOT_URLCONF = __name__
_IN_MEMORY = ("django.template.loaders.locmem.Loader", {"page.html": PAGE})
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": ours.TEMPLATES[0]["OPTIONS"]["context_processors"],
            "loaders": [("django.template.loaders.cached.Loader", [_IN_MEMORY])],
        },
    }
]


# --- its page


def page(request: Any) -> Any:
    from django.contrib.auth.models import Group
    from django.shortcuts import render

    return render(request, "page.html", {"group": Group.objects.get(name=NAME)})


def _addresses() -> list[Any]:
    from django.urls import path

    return [path("", page)]


urlpatterns = _addresses()


# --- its server


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.bare_site"
    from daphne.endpoints import build_endpoint_description_strings
    from daphne.server import Server
    from django.core.asgi import get_asgi_application
    from django.core.management import call_command

    application = get_asgi_application()
    call_command("migrate", interactive=False, verbosity=0)
    (Path(os.environ["GAZE_DATA"]) / "cookie").write_text(_session())
    endpoints = build_endpoint_description_strings(host=ours.HOST, port=ours.PORT)
    Server(application=application, endpoints=endpoints, server_name="bare", http_timeout=300).run()


def _session() -> str:
    """The key of a session in which a user is signed in; the row of the page is made as well."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    Group.objects.get_or_create(name=NAME)
    browser = Client()
    browser.force_login(User.objects.create_user("somebody"))
    return browser.cookies[SESSION_COOKIE_NAME].value


if __name__ == "__main__":
    main()
