"""Views, one page a module."""
