"""Addresses of sockets."""

from django.urls import path

from portraits.consumers import ProgressConsumer

websocket_urlpatterns = [
    path("ws/sessions/<uuid:session_id>/", ProgressConsumer.as_asgi()),
]
