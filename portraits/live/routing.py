"""Addresses of sockets."""

from django.urls import path, re_path

from portraits.live.consumers import session_socket, unknown_socket

websocket_urlpatterns = [
    path("ws/sessions/<uuid:session_id>/", session_socket),  # type: ignore[arg-type]  # URLRouter calls it, as an ASGI application
    re_path("", unknown_socket),  # type: ignore[arg-type]  # without it, URLRouter raises
]
