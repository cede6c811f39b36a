"""Processes of the site: web server, worker processes and their supervisor."""
