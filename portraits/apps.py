"""The app, and the queue its actors are bound to."""

from __future__ import annotations

import dramatiq
from django.apps import AppConfig


class PortraitsConfig(AppConfig):
    name = "portraits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portraits import broker

        dramatiq.set_broker(broker.embedded())
