"""Measures the app that ``recommend`` was given, before anything is recommended for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from advisor.cli.app_input import read_app
from advisor.cli.next_steps import quoted
from advisor.cli.progress import progress
from advisor.facts import Fact
from advisor.measure.profile.profile import profile_app
from advisor.measure.profile.result import AppProfile
from advisor.workload.profile import Profile

# As long as `gcadvise profile` measures unless told otherwise.
MEASURED_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredApp:
    """An app that was measured just now."""

    profile: Profile
    arguments: tuple[str, ...]
    """Those of ``recommend`` that measure it again, as a shell reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppToMeasure:
    """An app as it was named, to be measured when it is called."""

    target: str
    chdir: Path | None
    python: str | None
    paths: tuple[str, ...]

    def __call__(self) -> MeasuredApp:
        """Profile the app, saying on standard error what is being done, and what was seen besides.

        Raises BadInput when it cannot be found, ServerFailed when it cannot be served.
        """
        found = read_app(self.target, chdir=self.chdir, python=self.python, paths=self.paths)
        shown = profile_app(
            found.server, found.requests, wsgi=not found.is_asgi, seconds=MEASURED_SECONDS, progress=progress
        )
        for note in shown.notes:
            progress(note)
        words = [self.target, *(word for path in self.paths for word in ("--path", path))]
        words += ["--chdir", str(self.chdir)] if self.chdir is not None else []
        words += ["--python", self.python] if self.python is not None else []
        return MeasuredApp(profile=_profile(shown), arguments=tuple(map(quoted, words)))


def _profile(shown: AppProfile) -> Profile:
    """The figures as if they had been read from a file."""
    cost = shown.cost
    source = "measured just now"
    return Profile(
        app=shown.app,
        response_time_seconds=Fact(value=cost.request.service_seconds, source=source),
        wait_ratio=Fact(value=cost.request.wait_ratio, source=source),
        worker_memory_bytes=Fact(value=math.ceil(cost.memory.worker_bytes), source=source),
        is_asgi=not shown.wsgi,
        threads_fail=shown.threads_fail,
        cost=cost if shown.wsgi else None,
    )
