"""What the rules take for refused is what Gunicorn's own validators refuse, and the other way round."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.release import Release
from gunicorn_conf.rules.accepted import accepts
from gunicorn_conf.rules.finding import Severity
from gunicorn_conf.settings import settings, supports
from gunicorn_conf.validate import validate
from tests.neutral import child_environment
from tests.releases import RELEASES, release_python

VALUES: tuple[object, ...] = (
    *(0, 1, -1, 4.0, 2.5, 20_000, 99_999, 2**31, None, True, False),
    *("4", "08", "", "0x10", " 5 ", "-1", "four", "true", "False", "yes", "1", "off", "auto", "AUTO"),
    *("h1,h2", "h2,h2", "h3", "h9", "drop", "poll", "Poll", "fast", "v1", "upgrade", b"x"),
    *([], ["a"], [1], ("a", 1), {}, {"a": 1}, {1: 2}, {"a"}),
)
# As a child process can make the same values.
EXPRESSIONS = tuple(repr(value) for value in VALUES)
# Those that look at the machine (paths, users), resolve names, or have rules of their own.
NOT_COMPARED = {
    "chdir",
    "forwarded_allow_ips",
    "group",
    "proxy_allow_ips",
    "reload_extra_files",
    "ssl_version",
    "statsd_host",
    "user",
    "uwsgi_allow_ips",
}
PROGRAM = """
import json, os, sys
expressions, skipped = json.load(sys.stdin)
from gunicorn import config
taken = []
sys.stderr = open(os.devnull, "w")
for kind in config.KNOWN_SETTINGS:
    if kind.name in skipped:
        continue
    for expression in expressions:
        try:
            kind().set(eval(expression))
        except Exception:
            continue
        taken.append((kind.name, expression))
json.dump(taken, sys.stdout)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", RELEASES)
def test_it_agrees_with_the_validators_of_each_release(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(release_python(name)), "-c", PROGRAM],
        input=json.dumps([EXPRESSIONS, sorted(NOT_COMPARED)]),
        env=child_environment(tmp_path, {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    taken = {(setting, expression) for setting, expression in json.loads(done.stdout)}
    release = Release.parse(name)
    compared = [one for one in settings() if supports(one, release) and one not in NOT_COMPARED]
    ours = {
        (one, expression)
        for one in compared
        for value, expression in zip(VALUES, EXPRESSIONS, strict=True)
        if accepts(one, value, release)
    }
    assert ours == taken


@pytest.mark.slow
def test_what_is_refused_is_a_finding() -> None:
    release = Release.parse(RELEASES[-1])
    silent = []
    for name in settings():
        if not supports(name, release) or name in NOT_COMPARED:
            continue
        for value, expression in zip(VALUES, EXPRESSIONS, strict=True):
            files = [SourceFile(path="gunicorn.conf.py", text=f"{name} = {expression}\n")]
            found = [one for one in validate(files).findings if one.problem.setting == name]
            if not accepts(name, value, release) and not any(one.severity is Severity.ERROR for one in found):
                silent.append(f"{name} = {expression}")
    assert silent == []
