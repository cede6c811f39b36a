"""HTTP and sockets, each behind what must hold before Django sees a request."""

from __future__ import annotations

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gazesite.settings")
django = get_asgi_application()

# The models must be ready before anything of the app is imported.
from gazesite.body_cap import MULTIPART_ROOM, BodyCap, BodyLimits  # noqa: E402
from gazesite.forwarded import Forwarded  # noqa: E402
from gazesite.journal import Journal  # noqa: E402
from gazesite.metrics import Metrics  # noqa: E402
from gazesite.outage_guard import OutageGuard  # noqa: E402
from gazesite.probes import Probes  # noqa: E402
from gazesite.static_files import static_files  # noqa: E402
from gazesite.visitors import is_signed_in  # noqa: E402
from portraits.routing import websocket_urlpatterns  # noqa: E402

LIMITS = BodyLimits(uploads={"/upload/": settings.UPLOAD_LIMIT + MULTIPART_ROOM})

pages = Probes(
    BodyCap(django, LIMITS, may_upload=is_signed_in),
    host=settings.SITE_URL.split("://", 1)[1],
    scheme="https" if settings.SECURE else "http",
)
sockets = OriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ALLOWED_ORIGINS)
site = Forwarded(
    ProtocolTypeRouter({"http": static_files(pages), "websocket": sockets}),
    settings.TRUSTED_PROXIES,
    settings.CLIENT_ADDRESS_HEADER,
)
# Outside of Forwarded, which would hide from it that a proxy is asking.
application = Journal(OutageGuard(Metrics(site, settings.METRICS_TOKEN)))
