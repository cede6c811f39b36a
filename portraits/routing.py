"""Addresses of sockets."""

from django.urls import path

from portraits.consumers import watch_progress

websocket_urlpatterns = [
    path("ws/sessions/<uuid:session_id>/", watch_progress),  # type: ignore[arg-type]  # URLRouter calls it, as an ASGI application
]
