"""HTTP and sockets, each behind what must hold before Django sees a request."""

from __future__ import annotations

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gazesite.settings")
http = get_asgi_application()

from portraits.routing import websocket_urlpatterns  # noqa: E402  # the models must be ready

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": OriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ALLOWED_ORIGINS),
    }
)
