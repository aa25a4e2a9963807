"""Sends an answer that has no end."""

import time


def body():
    while True:
        yield b"tick\n"
        time.sleep(0.05)


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    return body()
