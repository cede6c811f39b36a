"""Django project of the site: settings, ASGI application, URLs, processes."""
