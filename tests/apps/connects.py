"""Keeps a connection to a service, as a database's driver does."""

import os
import socket

connection = None


def app(environ, start_response):
    global connection
    if connection is None:
        connection = socket.create_connection(("127.0.0.1", int(os.environ["SERVICE_PORT"])))
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]
