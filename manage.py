#!/usr/bin/env python
"""The site's command line: `python manage.py serve`, `work`, `doctor`, `fsck` and Django's own commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gazesite.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"gazesite cannot start: {error}")


if __name__ == "__main__":
    main()
