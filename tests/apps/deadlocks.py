"""Two requests at once wait for each other for ever; one alone is answered."""

import threading
import time

left, right = threading.Lock(), threading.Lock()
turn = [0]


def app(environ, start_response):
    turn[0] += 1
    first, second = (left, right) if turn[0] % 2 else (right, left)
    with first:
        time.sleep(0.01)
        with second:
            start_response("200 OK", [("Content-Length", "2")])
            return [b"hi"]
