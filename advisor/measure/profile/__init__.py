"""Measures what an app does per request and what a worker of it needs."""
