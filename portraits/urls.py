"""Every address of the app. tests/portraits/test_access.py declares who may use each."""

from django.urls import path

from portraits.views.demo import demo_file, demo_manifest
from portraits.views.health import livez, readyz
from portraits.views.portrait_thumbnail import portrait_thumbnail
from portraits.views.session import (
    session,
    session_cancel,
    session_file,
    session_manifest,
    session_progress,
    session_retry,
)

urlpatterns = [
    path("demo/manifest.json", demo_manifest, name="demo-manifest"),
    path("demo/<str:name>", demo_file, name="demo-file"),
    path("livez", livez, name="livez"),
    path("portraits/<uuid:portrait_id>/thumbnail.webp", portrait_thumbnail, name="portrait-thumbnail"),
    path("readyz", readyz, name="readyz"),
    path("sessions/<uuid:session_id>/", session, name="session"),
    path("sessions/<uuid:session_id>/cancel/", session_cancel, name="session-cancel"),
    path("sessions/<uuid:session_id>/manifest.json", session_manifest, name="session-manifest"),
    path("sessions/<uuid:session_id>/progress.json", session_progress, name="session-progress"),
    path("sessions/<uuid:session_id>/retry/", session_retry, name="session-retry"),
    path("sessions/<uuid:session_id>/<str:name>", session_file, name="session-file"),
]
