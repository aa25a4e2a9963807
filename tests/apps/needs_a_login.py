"""Answers those alone who say who they are."""


def app(environ, start_response):
    allowed = environ.get("HTTP_AUTHORIZATION") == "Basic c2hvcDpzaG9w"
    status = "200 OK" if allowed else "401 Unauthorized"
    start_response(status, [("Content-Length", "2"), ("WWW-Authenticate", "Basic")])
    return [b"hi"]
