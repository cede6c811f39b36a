"""Session keys are stored as their hashes; browsers that are signed in stay so."""

import hashlib
from typing import Any

from django.db import migrations, models


def hash_keys(apps: Any, schema_editor: Any) -> None:
    sessions = apps.get_model("portraits", "BrowserSession").objects
    for key in list(sessions.values_list("pk", flat=True)):
        sessions.filter(pk=key).update(session_key=hashlib.sha256(key.encode()).hexdigest())


def end_all(apps: Any, schema_editor: Any) -> None:
    """A hash says nothing of its key: everybody signs in again."""
    apps.get_model("portraits", "BrowserSession").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("portraits", "0005_background"),
    ]

    operations = [
        migrations.AlterField(
            model_name="browsersession",
            name="session_key",
            field=models.CharField(
                max_length=64, primary_key=True, serialize=False, verbose_name="SHA-256 of the session key"
            ),
        ),
        migrations.RunPython(hash_keys, end_all),
    ]
