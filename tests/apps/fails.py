"""Answers 500, always or for some of the requests."""

import itertools

numbers = itertools.count(1)


def app(environ, start_response):
    if environ["PATH_INFO"] != "/sometimes":
        raise ValueError("no luck")
    status = "500 Internal Server Error" if next(numbers) % 7 == 0 else "200 OK"
    start_response(status, [("Content-Length", "2")])
    return [b"hi"]
