"""Command `manage.py runserver`: the embedded site for development, started anew when its code changes.

`make dev` runs it with DEBUG: templates, scripts and styles are then read again for each request.
"""

from __future__ import annotations

from typing import Any

from daphne.management.commands import runserver
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from gazesite.management.commands.serve import DEMO_PHOTO, welcome_lines
from gazesite.processes.embedded_services import EmbeddedServices
from gazesite.processes.web import event_loop
from gazesite.server.daphne_server import SiteServer
from portraits.live import publisher


class Command(runserver.Command):  # type: ignore[misc]
    help = "Serve the embedded site for development, with DEBUG; it starts anew when its code changes."
    default_addr = settings.HOST
    default_port = str(settings.PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("This server is for development: set DEBUG=true, or run `manage.py serve`.")
        super().handle(*args, **options)

    def inner_run(self, *args: Any, **options: Any) -> None:
        """Run the site in this process. The process that watches the code does not come here."""
        call_command("migrate", interactive=False, verbosity=0)
        services = EmbeddedServices(DEMO_PHOTO)
        publisher.use_loop(event_loop())
        services.start()
        self.stdout.write("\n".join(welcome_lines([settings.SITE_URL])))
        try:
            super().inner_run(*args, **options)
        finally:
            publisher.use_loop(None)
            services.stop()

    def server_cls(self, **options: Any) -> SiteServer:
        """Server with the site's own limits in place of Daphne's options for sockets."""
        for name in ("websocket_max_message_size", "websocket_max_frame_size"):
            options.pop(name)
        return SiteServer(connections=settings.CONNECTIONS, per_address=settings.CONNECTIONS_PER_ADDRESS, **options)

    def log_action(self, protocol: str, action: str, details: dict[str, Any]) -> None:
        """Log nothing: the site has an access log of its own."""
