"""Prints much for every request."""

import sys


def app(environ, start_response):
    sys.stdout.write("debug " * 2000 + "\n")
    sys.stdout.flush()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]
