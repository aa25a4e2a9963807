"""Does not import where an environment variable is missing."""

import os

DATABASE = os.environ["SHOP_DATABASE_URL"]


def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]
