"""`manage.py doctor`: does everything that the settings name answer?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gazesite.connection_checks import examine


class Command(BaseCommand):
    help = "Try database, Redis, storage, mail, proxy and GPU source; say what is wrong, and end with 1 then."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        ailing = 0
        for finding in examine():
            self.stdout.write(str(finding))
            ailing += not finding.well
        if ailing:
            raise CommandError(f"{ailing} of these must be mended first.")
