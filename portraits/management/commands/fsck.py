"""Command `manage.py fsck`: consistency check of rows, files and hashes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portraits import integrity


class Command(BaseCommand):
    help = "Compare the database with what lies in storage; ends with 1 when anything differs."

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for difference in integrity.differences():
            found += 1
            self.stdout.write(str(difference))
        if found:
            raise CommandError(f"{found} differences.")
        self.stdout.write("Rows, files and hashes agree.")
