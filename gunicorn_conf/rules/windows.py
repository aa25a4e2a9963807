"""The times that whoever is in front of Gunicorn, or stops it, allows, and who says so."""

from __future__ import annotations

from typing import NamedTuple

from gunicorn_conf.platforms import PLATFORM_NAMES, platform
from gunicorn_conf.rules.finding import Confidence
from gunicorn_conf.rules.numbers import seconds
from gunicorn_conf.rules.subject import Deployment


class Window(NamedTuple):
    """A length of time, and where it is known from."""

    length_seconds: float
    source: str
    verified: bool
    of_platform: bool = False
    """Whether it is what the platform promises, and not what the files or the user say."""

    def __str__(self) -> str:
        return f"{seconds(self.length_seconds)} ({self.source}{'' if self.verified else ', not verified'})"

    @property
    def confidence(self) -> Confidence:
        """Medium where the figure is not the vendor's own."""
        return Confidence.HIGH if self.verified else Confidence.MEDIUM


def stop_window(deployment: Deployment) -> Window | None:
    """From SIGTERM to SIGKILL."""
    return _window(deployment, "stop_window_seconds", deployment.stop_window_seconds)


def idle_timeout(deployment: Deployment) -> Window | None:
    """How long whoever is in front keeps an idle connection to Gunicorn."""
    return _window(deployment, "idle_timeout_seconds", deployment.idle_timeout_seconds)


def request_limit(deployment: Deployment) -> Window | None:
    """When whoever is in front gives up on a request."""
    return _window(deployment, "request_timeout_seconds", deployment.request_timeout_seconds)


def _window(deployment: Deployment, field: str, length_seconds: float | None) -> Window | None:
    if length_seconds is None:
        return None
    source = deployment.sources.get(field, "as given")
    # A platform's figure comes with its whole source, which a message has no room for; gcadvise rule shows it.
    title, _, rest = source.partition(" (")
    if deployment.platform in PLATFORM_NAMES and title == platform(deployment.platform).title:
        return Window(length_seconds, title, "unverified" not in rest, of_platform=True)
    return Window(length_seconds, source, "unverified" not in source)
