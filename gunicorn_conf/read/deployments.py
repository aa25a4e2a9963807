"""Combines what several sources say of the deployment."""

from __future__ import annotations

from dataclasses import fields, replace

from gunicorn_conf.rules.subject import Deployment

# Platforms that always put a front end of their own before Gunicorn; elsewhere the figures hold if there is one.
_WITH_FRONT_END = frozenset({"app-service", "heroku", "cloud-run"})
# The beginning of the header that gcadvise gives its files (advisor.report.recommend_conf), and how far it reaches.
_RECOMMENDED = "recommended by gcadvise "
_HEADER_CHARACTERS = 500
RECOMMENDED_FOR = "the file's header says so"
_FIELDS = tuple(field.name for field in fields(Deployment) if field.name != "sources")


def combined(*deployments: Deployment) -> Deployment:
    """For each field what the first says that knows it, with its source."""
    if len(deployments) == 1:
        return deployments[0]
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    for deployment in deployments:
        for name in _FIELDS:
            value = getattr(deployment, name)
            if value is None or name in values:
                continue
            values[name] = value
            if name in deployment.sources:
                sources[name] = deployment.sources[name]
    return replace(Deployment(), **values, sources=sources)  # type: ignore[arg-type]


def of_header(text: str) -> Deployment:
    """The platform that a recommended file names in its header: ``for 2 CPUs, 8 GiB, app-service, Gunicorn ...``."""
    start = text.find(_RECOMMENDED, 0, _HEADER_CHARACTERS)
    if start < 0:
        return Deployment()
    from gunicorn_conf.platforms import PLATFORM_NAMES

    header = " ".join(text[start:_HEADER_CHARACTERS].replace("#", " ").split())
    before, found, _ = header.partition(", Gunicorn ")
    name = before.rpartition(", ")[2]
    if not found or name not in PLATFORM_NAMES:
        return Deployment()
    return Deployment(platform=name, sources={"platform": RECOMMENDED_FOR})


def of_platform(deployment: Deployment) -> Deployment:
    """The deployment with what its platform promises, where nothing says otherwise."""
    if deployment.platform is None:
        return deployment
    from gunicorn_conf.platforms import PLATFORM_NAMES, platform

    if deployment.platform not in PLATFORM_NAMES:
        return deployment
    facts = platform(deployment.platform)
    values: dict[str, float] = {}
    sources: dict[str, str] = {}
    has_front_end = facts.name in _WITH_FRONT_END
    for name in ("stop_window_seconds", "idle_timeout_seconds", "request_timeout_seconds"):
        figure = getattr(facts, name)
        if figure is not None and (name == "stop_window_seconds" or has_front_end or deployment.proxy):
            values[name] = float(figure.value)
            unverified = "" if figure.verified else ", unverified"
            sources[name] = f"{facts.title} ({figure.source}, {figure.date}{unverified})"
    container = True if facts.container else None
    if container:
        sources["container"] = f"{facts.title} runs containers"
    if has_front_end:
        sources["proxy"] = f"{facts.title} has a front end"
    promised = Deployment(container=container, proxy=has_front_end or None, sources=sources, **values)  # type: ignore[arg-type]
    return combined(deployment, promised)
