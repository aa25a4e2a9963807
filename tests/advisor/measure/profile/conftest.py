"""What the tests of profiling share: the apps to profile, and how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from advisor.load.spec import LoadRequest
from advisor.measure.profile.profile import profile_app
from advisor.measure.profile.result import AppProfile
from advisor.measure.server_spec import ServerSpec

APPS = Path(__file__).parents[3] / "apps"
# A tenth of the usual time: enough to see what is tested here, which is no figure.
SECONDS = 2.0


class Profiled(Protocol):
    """Profiles one of the apps in tests/apps."""

    def __call__(
        self, app: str, *paths: str, wsgi: bool = True, seconds: float = SECONDS, timeout_seconds: float = 30.0
    ) -> AppProfile: ...


@pytest.fixture
def app_spec(environment: dict[str, str]) -> Callable[[str], ServerSpec]:
    """A server of one of the apps; the test's processes carry its mark."""
    return lambda app: ServerSpec(app=app, chdir=APPS, environment={**environment, "PYTHONDONTWRITEBYTECODE": "1"})


@pytest.fixture
def profiled(app_spec: Callable[[str], ServerSpec]) -> Profiled:
    def profile(
        app: str, *paths: str, wsgi: bool = True, seconds: float = SECONDS, timeout_seconds: float = 30.0
    ) -> AppProfile:
        return profile_app(
            app_spec(app),
            tuple(LoadRequest(path=path) for path in paths or ("/",)),
            wsgi=wsgi,
            seconds=seconds,
            timeout_seconds=timeout_seconds,
            progress=lambda _: None,
        )

    return profile
