"""Gunicorn's configuration as data: what the settings are, what platforms promise, and how a file is written.

Starts no server, measures nothing, and imports nothing of ``advisor``.
"""
