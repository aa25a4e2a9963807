"""Sends every visitor elsewhere."""


def app(environ, start_response):
    where = "https://127.0.0.1/" if environ["PATH_INFO"] == "/secure" else "/accounts/login/?next=/"
    start_response("302 Found", [("Location", where), ("Content-Length", "0")])
    return [b""]
