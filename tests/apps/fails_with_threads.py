"""Works in the thread that imported it alone, as what is bound to a thread (sqlite3) does."""

import threading

here = threading.get_ident()


def app(environ, start_response):
    if threading.get_ident() != here:
        raise RuntimeError("made in another thread")
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]
