"""Command `manage.py sign_in_link somebody@example.com`: prints a link that signs this user in, once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portraits.accounts import adapter
from portraits.models import User


class Command(BaseCommand):
    help = "Print a link that signs a person in, once. The account is made when there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = User.objects.filter(email=email.lower()).first() or User.objects.create_user(email)
        self.stdout.write(f"{settings.SITE_URL}{adapter.one_time_path(person)}")
