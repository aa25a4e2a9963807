"""Computes without the GIL: hashes of large blocks."""

import hashlib

BLOCK = b"x" * 4_000_000


def app(environ, start_response):
    hashlib.sha256(BLOCK).digest()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]
