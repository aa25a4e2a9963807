"""A written file starts under every supported release, says what it is meant to say, and brings no warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from gunicorn_conf.write.conf_py import Entry, conf_py
from tests.start import ANSWER, start_and_check

pytestmark = pytest.mark.slow

# Between them the lists take every branch of the writer.
CASES = {
    "plain": [
        Entry(name="workers", value=1, reason="One."),
        Entry(name="accesslog", value="-", reason='To stdout: 100 % of "it".\nThe second line — and ünïcode.'),
        Entry(name="proc_name", value='a "name" with \\ and \'', reason=""),
        Entry(name="capture_output", value=False, reason="False is a value."),
    ],
    "fixed bind": [Entry(name="bind", value="127.0.0.1:8000", reason="Always there.")],
    "variables": [
        Entry(name="bind", value="0.0.0.0:8000", reason="PORT wins.", variable="PORT"),
        Entry(name="workers", value=2, reason="WEB_CONCURRENCY wins.", variable="WEB_CONCURRENCY"),
        Entry(name="forwarded_allow_ips", value="127.0.0.1", reason="Itself.", variable="FORWARDED_ALLOW_IPS"),
    ],
    "threads": [
        Entry(name="worker_class", value="gthread", reason="Threads."),
        Entry(name="threads", value=3, reason="Three."),
        Entry(name="worker_connections", value=3, reason="As many as threads.", same_as="threads"),
        Entry(name="keepalive", value=0, reason="No connection waits for the next request."),
        Entry(name="worker_tmp_dir", value="/dev/shm", reason="In memory.", only_if_directory=True),
    ],
    "missing directory": [
        Entry(name="worker_tmp_dir", value="/no/such/directory", reason="In memory.", only_if_directory=True),
    ],
}
ENVIRONMENT = {"WEB_CONCURRENCY": "1"}


@pytest.mark.parametrize("case", CASES)
def test_a_written_file_starts_and_is_in_force(release: str, case: str, tmp_path: Path) -> None:
    report = start_and_check(release, conf_py(CASES[case], header=["coding: latin-1", "×"]), tmp_path, env=ENVIRONMENT)

    assert (report.status, report.body) == (200, ANSWER)
    assert report.complaints == []
    assert report.returncode == 0
    expected = {entry.name: _in_force(entry, report.port) for entry in CASES[case]}
    assert {name: report.settings[name] for name in expected} == expected


def _in_force(entry: Entry, port: int) -> str:
    """As Gunicorn prints it."""
    if entry.name == "bind":
        return str([f"0.0.0.0:{port}" if entry.variable else entry.value])
    if entry.name == "forwarded_allow_ips":
        return str([entry.value])
    if entry.variable:
        return ENVIRONMENT.get(entry.variable, str(entry.value))
    if entry.only_if_directory and not Path(str(entry.value)).is_dir():
        return "None"
    return str(entry.value)
