"""The advice: what this host gives, what the app does per request, what follows for Gunicorn, and the proof."""

__version__ = "0.1.0"
