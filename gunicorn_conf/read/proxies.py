"""Tells from the files beside whether a reverse proxy stands in front."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gunicorn_conf.read.start import Files
from gunicorn_conf.rules.subject import Deployment

_PASSES_ON = re.compile(r"\b(proxy_pass|uwsgi_pass|reverse_proxy|loadBalancer)\b|^\s*(backend|server)\s", re.MULTILINE)
# nginx keeps connections to an upstream where it says so (ngx_http_upstream_module, keepalive), up to 1.29.
_KEEPS_CONNECTIONS = re.compile(r"^\s*keepalive\s+\d", re.MULTILINE)
_BALANCES = re.compile(r"^kind:\s*['\"]?(?P<kind>Ingress|Gateway|HTTPRoute|VirtualService)\b", re.MULTILINE)


def proxy_beside(files: Files, kinds: Mapping[str, str | None]) -> Deployment:
    """``proxy`` where a configuration of nginx, Caddy, Traefik or HAProxy passes requests on, with its source."""
    for file in files.of_kind(kinds, "proxy"):
        if _PASSES_ON.search(file.text):
            sources = {"proxy": f"{file.path} passes requests on"}
            if "proxy_pass" in file.text and not _KEEPS_CONNECTIONS.search(file.text):
                sources["idle_timeout_seconds"] = f"{file.path} opens a connection for each request"
                return Deployment(proxy=True, idle_timeout_seconds=0.0, sources=sources)
            return Deployment(proxy=True, sources=sources)
    for file in files.of_kind(kinds, "kubernetes"):
        found = _BALANCES.search(file.text)
        if found:
            return Deployment(proxy=True, sources={"proxy": f"{found['kind']} in {file.path}"})
    return Deployment()
