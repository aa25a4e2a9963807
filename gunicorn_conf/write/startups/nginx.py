"""Writes the nginx configuration that fits a server: its keep-alive, its timeouts, the headers that the app needs."""

from __future__ import annotations

from gunicorn_conf.write.startup import Fragment, Server
from gunicorn_conf.write.startups import parts

# ngx_http_proxy_module, proxy_read_timeout: nginx's own default.
_DEFAULT_READ_SECONDS = 60
# nginx gives up first, so that the client gets a 504 and not a broken connection.
_READ_MARGIN_SECONDS = 10
# nginx must close an idle connection first, or a request may meet Gunicorn's closing it.
_IDLE_MARGIN_SECONDS = 5
_MAX_BODY = "10m"


def nginx(server: Server) -> Fragment:
    """A site for ``/etc/nginx/conf.d``."""
    name = parts.name_of(server)
    idle = _idle_seconds(server)
    upstream = [f"    server 127.0.0.1:{server.bind_port} fail_timeout=0;"]
    if idle is None:
        upstream.append(f"    # No keepalive: {_why_not(server)}")
        connection = []
    else:
        upstream += [
            (
                "    # Idle connections, for each worker of nginx; closed before Gunicorn does "
                f"({server.keepalive_seconds} s)."
            ),
            f"    keepalive {max(1, server.workers)};",
            f"    keepalive_timeout {idle}s;",
        ]
        connection = [
            "        proxy_http_version 1.1;",
            '        proxy_set_header Connection "";',
        ]
    lines = [
        f"upstream {name} {{",
        *upstream,
        "}",
        "",
        "server {",
        "    listen 80;",
        "    # The name that the app is reached by.",
        "    server_name example.com;",
        f"    client_max_body_size {_MAX_BODY};",
        "",
        "    location / {",
        f"        proxy_pass http://{name};",
        *connection,
        "        proxy_set_header Host $http_host;",
        "        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "        proxy_set_header X-Forwarded-Proto $scheme;",
        "        proxy_redirect off;",
        f"        # {_why_read(server)}",
        f"        proxy_read_timeout {_read_seconds(server)}s;",
        "    }",
        "}",
    ]
    return Fragment(
        title="nginx in front",
        language="nginx",
        text="\n".join(lines) + "\n",
        file_name=f"{name}.nginx.conf",
    )


def _idle_seconds(server: Server) -> int | None:
    """How long nginx keeps a connection; None where it should keep none."""
    keepalive = server.keepalive_seconds
    if server.worker_class == "sync" or not keepalive or keepalive <= _IDLE_MARGIN_SECONDS:
        return None
    return keepalive - _IDLE_MARGIN_SECONDS


def _why_not(server: Server) -> str:
    if server.worker_class == "sync":
        return "the sync worker closes every connection after the answer."
    if server.keepalive_seconds == 0:
        return "Gunicorn closes every connection after the answer (keepalive = 0)."
    return "Gunicorn closes idle connections so soon that a request could meet the closing one."


def _read_seconds(server: Server) -> int:
    timeout = server.timeout_seconds
    if server.worker_class == "sync" and timeout and timeout > _READ_MARGIN_SECONDS:
        return timeout - _READ_MARGIN_SECONDS
    return _DEFAULT_READ_SECONDS


def _why_read(server: Server) -> str:
    if server.worker_class == "sync" and server.timeout_seconds and server.timeout_seconds > _READ_MARGIN_SECONDS:
        return f"Below Gunicorn's timeout, {server.timeout_seconds} s: the client gets a 504, not a broken connection."
    return "nginx's default; Gunicorn's timeout does not bound a request of this worker class."
