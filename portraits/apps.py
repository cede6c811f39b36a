"""Django app config: connects receivers, and binds actors to their queue."""

from __future__ import annotations

from importlib import import_module

import dramatiq
from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PortraitsConfig(AppConfig):
    name = "portraits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portraits import lock_timeout
        from portraits.accounts import groups, guests
        from portraits.queue import broker

        lock_timeout.start()
        dramatiq.set_broker(broker.configured())
        import_module("portraits.rendering.actors")  # each binds itself to the broker that is set
        from portraits.rendering import dispatch

        guests.portrait_kept.connect(dispatch.catch_up)
        # Its permissions are there by then: django.contrib.auth, which makes them, was connected earlier.
        post_migrate.connect(groups.make_groups, sender=self)
