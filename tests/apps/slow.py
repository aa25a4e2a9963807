"""Takes as many seconds for a request as it is told to."""

import time


def app(environ, start_response):
    time.sleep(float(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]
