"""Addresses of sockets."""

from django.urls import path, re_path

from portraits.live.consumers import no_such_socket, watch_progress

websocket_urlpatterns = [
    path("ws/sessions/<uuid:session_id>/", watch_progress),  # type: ignore[arg-type]  # URLRouter calls it, as an ASGI application
    re_path("", no_such_socket),  # type: ignore[arg-type]  # without it, URLRouter raises
]
