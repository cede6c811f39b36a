"""Workers: one interface, in this process tree or over HTTP."""
