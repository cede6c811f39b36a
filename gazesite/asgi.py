"""ASGI application: HTTP and WebSockets, behind the middleware that runs before Django."""

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
from gazesite.middleware.access_log import AccessLog
from gazesite.middleware.body_limits import MULTIPART_OVERHEAD, BodyLimitMiddleware, BodyLimits
from gazesite.middleware.client_limit import ClientLimit
from gazesite.middleware.client_queue import ClientQueue
from gazesite.middleware.header_check import HeaderCheck
from gazesite.middleware.health_check_host import PATHS, HealthCheckHost
from gazesite.middleware.outage_guard import OutageGuard
from gazesite.middleware.own_cookies import OwnCookies
from gazesite.middleware.proxy_headers import ProxyHeaders
from gazesite.middleware.session_user import signed_in_user
from gazesite.observability.metrics import MetricsEndpoint
from gazesite.server.static_files import static_files
from portraits.live.routing import websocket_urlpatterns

UPLOAD = "/upload/"
LIMITS = BodyLimits(
    uploads={UPLOAD: MAX_PHOTO_BYTES + MULTIPART_OVERHEAD},
    spool=settings.SPOOL_MEGABYTES << 20,
    per_address=settings.OPEN_UPLOADS_PER_ADDRESS,
    anonymous_uploads=settings.GUESTS,
)

pages = HealthCheckHost(
    # Uploads wait for the decoder and are counted by the body limits; GET requests for their page wait like others.
    BodyLimitMiddleware(ClientQueue(django, exempt=PATHS, exempt_posts=(UPLOAD,)), LIMITS, user_of=signed_in_user),
    host=settings.SITE_URL.split("://", 1)[1],
    scheme="https" if settings.SECURE else "http",
)
sockets = OriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ALLOWED_ORIGINS)
site = ProxyHeaders(
    ClientLimit(
        OwnCookies(
            ProtocolTypeRouter({"http": static_files(pages), "websocket": sockets}),
            (
                settings.SESSION_COOKIE_NAME,
                settings.CSRF_COOKIE_NAME,
                settings.KNOWN_BROWSER_COOKIE_NAME,
                settings.LINK_COOKIE_NAME,
            ),
        ),
        settings.CONNECTIONS_PER_ADDRESS,
    ),
    settings.TRUSTED_PROXIES,
    settings.CLIENT_ADDRESS_HEADER,
)
# MetricsEndpoint is outside ProxyHeaders, which would hide from it that a request comes through a proxy.
application = AccessLog(HeaderCheck(OutageGuard(MetricsEndpoint(site, settings.METRICS_TOKEN))))
