"""Every address of the app. tests/portraits/test_access.py declares who may use each."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
