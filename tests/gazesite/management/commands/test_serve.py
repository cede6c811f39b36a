"""Output of `manage.py serve`; the process itself is started and killed in tests/site."""

from __future__ import annotations

import socket

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gazesite.management.commands import serve
from portraits.models import User


@pytest.mark.django_db
def test_it_prints_the_address_a_link_and_the_admin_it_made_once() -> None:
    first = "\n".join(serve.welcome_lines(["http://127.0.0.1:3000"]))
    again = "\n".join(serve.welcome_lines(["http://127.0.0.1:3000"]))
    assert "gazesite is at http://127.0.0.1:3000" in first
    assert "http://127.0.0.1:3000/sign-in/" in first
    password = first.split("password ")[1].split()[0]
    admin = User.objects.get(email=serve.ADMIN_EMAIL)
    assert admin.is_superuser
    assert admin.check_password(password)
    assert password not in again
    assert User.objects.count() == 2


@pytest.mark.django_db
def test_it_prints_the_address_for_this_machine_and_the_one_for_others() -> None:
    lines = serve.welcome_lines(["http://127.0.0.1:3000", "http://192.0.2.7:3000"])
    assert "gazesite is at http://127.0.0.1:3000" in lines
    assert "  in your network: http://192.0.2.7:3000" in lines
    assert "http://127.0.0.1:3000/sign-in/" in "\n".join(lines)


def test_an_occupied_port_is_refused_before_anything_is_started(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings.HOST, settings.PORT = other.getsockname()
        with pytest.raises(CommandError, match="is in use"):
            call_command("serve")


def test_the_demo_photo_is_shipped() -> None:
    assert serve.DEMO_PHOTO.is_file()
