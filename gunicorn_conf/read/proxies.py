"""Tells from the files beside whether a reverse proxy stands in front."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gunicorn_conf.read.start import Files
from gunicorn_conf.rules.subject import Deployment

_PASSES_ON = re.compile(r"\b(proxy_pass|uwsgi_pass|reverse_proxy|loadBalancer)\b|^\s*(backend|server)\s", re.MULTILINE)

_BALANCES = re.compile(r"^kind:\s*['\"]?(?P<kind>Ingress|Gateway|HTTPRoute|VirtualService)\b", re.MULTILINE)


def proxy_beside(files: Files, kinds: Mapping[str, str | None]) -> Deployment:
    """``proxy`` where a configuration of nginx, Caddy, Traefik or HAProxy passes requests on, with its source."""
    for file in files.of_kind(kinds, "proxy"):
        if _PASSES_ON.search(file.text):
            return Deployment(proxy=True, sources={"proxy": f"{file.path} passes requests on"})
    for file in files.of_kind(kinds, "kubernetes"):
        found = _BALANCES.search(file.text)
        if found:
            return Deployment(proxy=True, sources={"proxy": f"{found['kind']} in {file.path}"})
    return Deployment()
