"""Answers at once, and waits where it is asked to."""

import time

BODY = b"x" * 1000


def app(environ, start_response):
    if environ["PATH_INFO"] == "/waits":
        time.sleep(0.02)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]


def make():
    return app
