"""The platforms for which startup files are written, and the function that writes each; nothing is loaded unasked."""

from __future__ import annotations

import importlib

from gunicorn_conf.errors import BadInput
from gunicorn_conf.write.startup import Writer

# Platform -> module.function under gunicorn_conf.write.startups.
WRITERS = {
    "app-service": "app_service.app_service",
    "docker": "docker.docker",
    "compose": "compose.compose",
    "kubernetes": "kubernetes.kubernetes",
    "heroku": "heroku.heroku",
    "cloud-run": "cloud_run.cloud_run",
    "ecs": "ecs.ecs",
    "elastic-beanstalk": "elastic_beanstalk.elastic_beanstalk",
    "systemd": "systemd.systemd",
    "supervisor": "supervisor.supervisor",
    "shell": "shell.shell",
}

# Where a platform's limits are those of another record in platforms.toml.
_PLACES = {"compose": "docker", "shell": "bare"}

# Other names that people have for them.
_ALSO = {"fargate": "ecs", "k8s": "kubernetes", "docker-compose": "compose", "azure": "app-service", "sh": "shell"}


def place_of(name: str) -> str:
    """The name of the record in platforms.toml that holds for startup files of this name."""
    return _PLACES.get(name, name)


def writer(platform: str) -> Writer:
    """The function that writes a platform's startup files.

    Raises BadInput for a platform that has none, with the nearest name.
    """
    if platform not in WRITERS:
        raise _unknown(platform)
    module, _, function = WRITERS[platform].partition(".")
    found: Writer = getattr(importlib.import_module(f"gunicorn_conf.write.startups.{module}"), function)
    return found


def _unknown(platform: str) -> BadInput:
    import difflib

    name = platform.lower().replace("_", "-").replace(" ", "-")
    near = [_ALSO[name]] if name in _ALSO else difflib.get_close_matches(name, WRITERS, 1)
    return BadInput(
        f"there are no startup files for {platform!r}",
        why=f"known are: {', '.join(WRITERS)}",
        hint=f"did you mean {near[0]!r}?" if near else "gcadvise startup --list shows them with their limits",
    )
