"""The GPU and CPU worker: one photo in, a living face out. Installs alone, without the site."""
