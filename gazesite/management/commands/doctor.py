"""Command `manage.py doctor`: checks every connection that the settings name."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gazesite.connection_checks import run_checks


class Command(BaseCommand):
    help = "Try database, Redis, storage, mail, proxy and GPU source; say what is wrong, and end with 1 then."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for result in run_checks():
            self.stdout.write(str(result))
            failed += not result.ok
        if failed:
            raise CommandError(f"{failed} of these must be mended first.")
