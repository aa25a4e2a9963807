"""Has a thread that computes all the time."""

import threading
import time


def compute():
    while True:
        until = time.perf_counter() + 0.01
        while time.perf_counter() < until:
            pass
        time.sleep(0.02)


threading.Thread(target=compute, daemon=True).start()


def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]
