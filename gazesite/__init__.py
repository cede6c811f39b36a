"""The Django project: settings, ASGI, URLs. It comes after the worker that it stands round."""
