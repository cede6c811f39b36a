"""Command `manage.py set_demo portrait.jpg`: renders the face of the home page."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gpuworker.errors import RenderError
from portraits.rendering import demo, workers


class Command(BaseCommand):
    help = "Render a photo as the portrait of the home page. The old one stays until the new one is whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("photo", type=Path)

    def handle(self, *args: Any, photo: Path, **options: Any) -> None:
        try:
            for sentence in demo.render(photo):
                self.stdout.write(sentence)
        except RenderError as error:
            raise CommandError(error.sentence) from error
        except OSError as error:
            raise CommandError(f"{photo} cannot be read or its face not be stored: {error.strerror}.") from error
        finally:
            workers.close()
