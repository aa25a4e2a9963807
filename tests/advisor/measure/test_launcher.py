"""The launcher runs in the user's Python, with the user's Gunicorn: old ones too."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from advisor.measure import server
from advisor.measure.burst import send_at_once
from advisor.measure.check import check_concurrency
from advisor.measure.server import running_server
from advisor.measure.server_spec import ServerSpec
from tests.releases import release_python

_LAUNCHER = Path(server.__file__).with_name("launcher.py")
_WATCHDOG = Path(server.__file__).with_name("watchdog.py")


def test_the_launcher_is_python_3_7() -> None:
    tree = ast.parse(_LAUNCHER.read_text(), feature_version=(3, 7))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported <= {*sys.stdlib_module_names, "gunicorn"}


def test_the_watchdog_needs_nothing_but_the_standard_library() -> None:
    imports = [
        node for node in ast.walk(ast.parse(_WATCHDOG.read_text())) if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    names = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports}
    assert {str(name).split(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_release_is_started_observed_and_ended(release: str) -> None:
    python = str(release_python(release))
    arguments = ("--workers", "2", "--threads", "2")
    with running_server(ServerSpec(python=python, arguments=arguments)) as running:
        assert running.settings.gunicorn == release
        assert running.settings.worker_class == "gthread"
        assert [answer.status for answer in send_at_once(running.url + "/healthz", 4)] == [200] * 4
        assert set(running.handler_times(4, timeout_seconds=10)) == {0, 1, 2, 3}
        assert running.observed


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_release_serves_what_sync_workers_promise(release: str) -> None:
    result = check_concurrency(
        ServerSpec(python=str(release_python(release)), arguments=("--workers", "3")),
        path="/io?seconds=0.5",
        requests=5,
        timeout_seconds=30,
        name=release,
        progress=lambda _: None,
    )
    assert (result.kept, result.served_at_once, result.waves) == (True, 3, (3, 2))
