"""The Django app of users, portraits and sessions. It comes after the worker that it dispatches to."""
