"""HTTP and sockets, each behind what must hold before Django sees a request."""

from __future__ import annotations

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings

from gazesite.server.django_handler import get_application
from gpuworker.contract import MAX_PHOTO_BYTES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gazesite.settings")
django = get_application()

# The models must be ready before anything of the app is imported.
from gazesite.middleware.access_log import Journal  # noqa: E402
from gazesite.middleware.body_limits import MULTIPART_ROOM, BodyCap, BodyLimits  # noqa: E402
from gazesite.middleware.client_limit import ClientLimit  # noqa: E402
from gazesite.middleware.client_turns import ClientTurns  # noqa: E402
from gazesite.middleware.header_check import HeaderCheck  # noqa: E402
from gazesite.middleware.health_check_host import PATHS, Probes  # noqa: E402
from gazesite.middleware.outage_guard import OutageGuard  # noqa: E402
from gazesite.middleware.own_cookies import OwnCookies  # noqa: E402
from gazesite.middleware.proxy_headers import Forwarded  # noqa: E402
from gazesite.middleware.session_user import signed_in_person  # noqa: E402
from gazesite.observability.metrics import Metrics  # noqa: E402
from gazesite.server.static_files import static_files  # noqa: E402
from portraits.live.routing import websocket_urlpatterns  # noqa: E402

UPLOAD = "/upload/"
LIMITS = BodyLimits(
    uploads={UPLOAD: MAX_PHOTO_BYTES + MULTIPART_ROOM},
    spool=settings.SPOOL_MEGABYTES << 20,
    per_address=settings.OPEN_UPLOADS_PER_ADDRESS,
)

pages = Probes(
    # Uploads wait for the decoder and are counted by the cap; their page is one like others.
    BodyCap(ClientTurns(django, free=PATHS, free_posts=(UPLOAD,)), LIMITS, person=signed_in_person),
    host=settings.SITE_URL.split("://", 1)[1],
    scheme="https" if settings.SECURE else "http",
)
sockets = OriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ALLOWED_ORIGINS)
site = Forwarded(
    ClientLimit(
        OwnCookies(
            ProtocolTypeRouter({"http": static_files(pages), "websocket": sockets}),
            (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.KNOWN_BROWSER_COOKIE_NAME),
        ),
        settings.CONNECTIONS_PER_ADDRESS,
    ),
    settings.TRUSTED_PROXIES,
    settings.CLIENT_ADDRESS_HEADER,
)
# Outside of Forwarded, which would hide from it that a proxy is asking.
application = Journal(HeaderCheck(OutageGuard(Metrics(site, settings.METRICS_TOKEN))))
