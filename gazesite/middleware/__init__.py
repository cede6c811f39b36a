"""Middleware, of Django and of ASGI, and the limits that it draws."""
