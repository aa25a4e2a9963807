"""Keeps 1 MiB of every request."""

kept = []


def app(environ, start_response):
    kept.append(b"x" * 1024 * 1024)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]
