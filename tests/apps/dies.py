"""Ends its process at every request."""

import os


def app(environ, start_response):
    os._exit(7)
