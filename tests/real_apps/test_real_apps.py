"""Apps that nobody here wrote are profiled, advised and tuned, and start with what was advised.

httpbin's /delay/0.1 waits a tenth of a second and computes about a millisecond; the welcome page of a new Django
project only computes. They come from the package index, each into an environment of its own.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from advisor.load.spec import LoadRequest
from tests.conftest import RunGcadvise
from tests.limits.serving import Served, serve
from tests.neutral import child_environment
from tests.releases import release_python

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

MIB = 1024**2
RELEASE = "27.0.1"
# The versions that the figures below were seen with; the second is the long-term one.
HTTPBIN, DJANGO = "httpbin==0.10.2", "django==5.2.8"
HTTPBIN_APP, DJANGO_APP = "httpbin:app", "shop.wsgi:application"
DELAY = "/delay/0.1"
MEASURING_SECONDS, TUNING_SECONDS, SERVING_SECONDS = 90.0, 150.0, 1.0


@pytest.fixture(scope="module")
def httpbin_python() -> Path:
    """A Python with httpbin."""
    return release_python(RELEASE, extra=(HTTPBIN,))


@pytest.fixture(scope="module")
def django_python() -> Path:
    """A Python with Django."""
    return release_python(RELEASE, extra=(DJANGO,))


@pytest.fixture
def django_project(django_python: Path, tmp_path: Path) -> Path:
    """A new project, as Django makes it."""
    directory = tmp_path / "project"
    directory.mkdir()
    command = [str(django_python), "-m", "django", "startproject", "shop", str(directory)]
    subprocess.run(command, env=child_environment(tmp_path), check=True, timeout=60)
    return directory


def test_httpbin_is_profiled_as_waiting_and_tuned_to_many_slots(
    run_gcadvise: RunGcadvise, httpbin_python: Path, tmp_path: Path
) -> None:
    about = (HTTPBIN_APP, "--path", DELAY, "--python", str(httpbin_python))
    profiled = run_gcadvise("profile", *about, "-o", "profile.json", timeout_seconds=MEASURING_SECONDS)
    assert profiled.returncode == 0, profiled.stderr
    found = _json(tmp_path / "profile.json")
    assert found["interface"] == "wsgi"
    assert found["request"]["wait_ms"] >= 99
    assert found["request"]["wait_ratio"] > 20
    assert 10 * MIB < found["worker"]["memory_bytes"] < 60 * MIB
    assert found["threads"]["gain"] > 3

    recommended = run_gcadvise("recommend", *about, "-o", "advised.py", timeout_seconds=MEASURING_SECONDS)
    assert recommended.returncode == 0, recommended.stderr
    _starts(httpbin_python, HTTPBIN_APP, tmp_path / "advised.py", DELAY, least_per_second=100)

    tuned = run_gcadvise(
        "tune",
        *about,
        *("--profile", "profile.json", "--budget", "20s", "-o", "tuned.py"),
        timeout_seconds=TUNING_SECONDS,
    )
    assert tuned.returncode == 0, tuned.stderr
    # Far more than the rule's sync workers, of which each serves ten a second.
    _starts(httpbin_python, HTTPBIN_APP, tmp_path / "tuned.py", DELAY, least_per_second=100)


def test_a_new_django_project_is_found_profiled_as_computing_and_tuned(
    run_gcadvise: RunGcadvise, django_python: Path, django_project: Path, tmp_path: Path
) -> None:
    about = ("--chdir", str(django_project), "--python", str(django_python))
    profiled = run_gcadvise("profile", *about, "-o", "profile.json", timeout_seconds=MEASURING_SECONDS)
    assert profiled.returncode == 0, profiled.stderr
    found = _json(tmp_path / "profile.json")
    assert (found["app"], found["interface"]) == (DJANGO_APP, "wsgi")  # found, for none was named
    assert found["request"]["wait_ratio"] < 2  # none on an idle machine; on a busy one it waits for a CPU
    assert 20 * MIB < found["worker"]["memory_bytes"] < 80 * MIB
    assert found["request"]["response_bytes"] > 5000

    recommended = run_gcadvise("recommend", DJANGO_APP, *about, "-o", "advised.py", timeout_seconds=MEASURING_SECONDS)
    assert recommended.returncode == 0, recommended.stderr
    _starts(django_python, DJANGO_APP, tmp_path / "advised.py", "/", directory=django_project)

    tuned = run_gcadvise(
        "tune",
        DJANGO_APP,
        *about,
        *("--profile", "profile.json", "--budget", "20s", "-o", "tuned.py"),
        timeout_seconds=TUNING_SECONDS,
    )
    assert tuned.returncode == 0, tuned.stderr
    _starts(django_python, DJANGO_APP, tmp_path / "tuned.py", "/", directory=django_project)


def test_the_asgi_application_of_a_django_project_is_served_by_an_asgi_worker(
    run_gcadvise: RunGcadvise, django_python: Path, django_project: Path, tmp_path: Path
) -> None:
    done = run_gcadvise(
        *("profile", "shop.asgi:application", "--chdir", str(django_project), "--python", str(django_python)),
        *("--seconds", "6", "-o", "profile.json"),
        timeout_seconds=MEASURING_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    found = _json(tmp_path / "profile.json")
    assert (found["interface"], found["measured"]["worker_class"]) == ("asgi", "asgi")
    assert found["threads"] is None
    assert found["request"]["cpu_ms"] > 0


def _starts(
    python: Path, app: str, conf: Path, path: str, *, directory: Path | None = None, least_per_second: float = 10
) -> Served:
    command = [str(python), "-m", "gunicorn", "-c", str(conf), *(["--chdir", str(directory)] if directory else []), app]
    served = serve(
        command,
        conf.with_suffix(".log"),
        child_environment(conf.parent),
        seconds=SERVING_SECONDS,
        requests=(LoadRequest(path=path),),
    )
    assert served.failed == 0, served.log
    assert served.answered >= least_per_second * SERVING_SECONDS, served.log
    return served


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found
