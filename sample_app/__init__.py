"""A Flask app whose endpoints have a known cost; run it with ``gunicorn sample_app:app``."""

from sample_app.app import app

__all__ = ["app"]
