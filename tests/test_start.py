"""The helper that starts written files sees what it is there to see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.start import start_and_check

pytestmark = pytest.mark.slow

NO_ROOM_TO_KEEP_ALIVE = """
worker_class = "gthread"
threads = 2
worker_connections = 2
keepalive = 5
"""


def test_a_warning_of_gunicorns_is_seen(release: str, tmp_path: Path) -> None:
    report = start_and_check(release, NO_ROOM_TO_KEEP_ALIVE, tmp_path)
    assert [line for line in report.complaints if "No keepalived connections can be handled" in line]


def test_a_setting_that_gunicorn_refuses_is_shown_with_its_message(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Invalid value for workers"):
        start_and_check("27.0.1", "workers = 2.5\n", tmp_path)


def test_a_server_that_dies_at_its_start_is_shown_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Gunicorn never printed"):
        start_and_check("27.0.1", 'worker_class = "gthread"\nerrorlog = "/no/such/directory/log"\n', tmp_path)
