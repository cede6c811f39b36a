"""Command `manage.py serve`: the whole site in one process tree; with REDIS_URL, its pages alone."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from gazesite.observability import metrics
from gazesite.processes import web
from gazesite.processes.embedded_services import EmbeddedServices
from gazesite.processes.web import PortInUseError
from portraits.accounts import adapter
from portraits.models import User

USER_EMAIL, ADMIN_EMAIL = "you@gazesite.local", "admin@gazesite.local"
DEMO_PHOTO = Path(settings.BASE_DIR) / "static" / "site" / "demo.jpg"


class Command(BaseCommand):
    help = (
        "Serve the site: pages, queue and rendering in one process tree; with REDIS_URL its pages only, "
        "beside `manage.py work`. Ctrl-C stops it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="do not render the home page's portrait")
        parser.add_argument("--web-only", action="store_true", default=bool(settings.REDIS_URL), help="pages alone")

    def handle(self, *args: Any, no_demo: bool, web_only: bool, **options: Any) -> None:
        if web_only and not settings.REDIS_URL:
            raise CommandError("Pages alone need REDIS_URL, by which they hear from the processes that render.")
        host, port = settings.HOST, settings.PORT  # no options, because SITE_URL and ALLOWED_HOSTS are made of them
        try:
            web.check_port(host, port)
        except PortInUseError as error:
            raise CommandError(str(error)) from error
        try:
            with metrics.listening(settings.METRICS_HOST, settings.METRICS_PORT):
                if web_only:
                    self._serve_pages(host, port)
                else:
                    self._serve_all(host, port, None if no_demo else DEMO_PHOTO)
        except metrics.MetricsPortError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Stopped.")

    def _serve_pages(self, host: str, port: int) -> None:
        line = f"gazesite's pages are at {settings.SITE_URL}"
        web.serve(host, port, web.WebServices(), lambda: self.stdout.write(line))

    def _serve_all(self, host: str, port: int, demo_photo: Path | None) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        lines = welcome_lines(settings.OWN_ADDRESSES or [settings.SITE_URL])
        web.serve(host, port, EmbeddedServices(demo_photo), lambda: self.stdout.write("\n".join(lines)))


def welcome_lines(addresses: list[str]) -> list[str]:
    """Lines that are printed at the start. addresses: the first is for people on this machine."""
    address, *others = addresses
    user = User.objects.filter(email=USER_EMAIL).first() or User.objects.create_user(USER_EMAIL)
    lines = ["", f"gazesite is at {address}", *(f"  in your network: {other}" for other in others)]
    lines += [f"  sign in, once:  {address}{adapter.one_time_path(user)}"]
    password = _new_admin_password()
    shown = f"password {password}" if password else "with the password printed at the first start"
    return [*lines, f"  admin:          {address}/admin/  {ADMIN_EMAIL}, {shown}", "  Ctrl-C stops it.", ""]


def _new_admin_password() -> str | None:
    """Password of a new admin; None when there is one already. `manage.py changepassword` sets another."""
    if User.objects.filter(email=ADMIN_EMAIL).exists():
        return None
    password = secrets.token_urlsafe(9)
    User.objects.create_superuser(ADMIN_EMAIL, password)
    return password
