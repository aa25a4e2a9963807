"""What rules say of a start does happen: Gunicorn ends, and --check-config found nothing wrong."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gunicorn_conf.rules.started import NOBODY, codes, ended
from tests.releases import release_python

NEWEST, OLDEST = "27.0.1", "20.1.0"
WSGI_HOOK = "def post_fork(server, worker):\n    worker.log.info('%s', worker.id)\n"
HANDLERS = 'logconfig_dict = {"version": 1, "handlers": {"out": {"class": "logging.StreamHandler"}}}\n'


@dataclass(frozen=True, kw_only=True)
class Ends:
    """A configuration with which Gunicorn ends."""

    code: str
    conf: str
    exit_code: int
    says: str
    checked: bool = False
    """Whether --check-config finds it as well."""
    releases: Sequence[str] = (OLDEST, NEWEST)


ENDS = [
    Ends(code="GC130", conf='worker_class = "eventlet"\n', exit_code=1, says="'eventlet' invalid", releases=[NEWEST]),
    Ends(code="GC131", conf='worker_class = "threads"\n', exit_code=1, says="class uri 'threads' invalid or not found"),
    Ends(code="GC131", conf='worker_class = "Gevent"\n', exit_code=1, says="class uri 'Gevent' invalid or not found"),
    Ends(
        code="GC131",
        conf='worker_class = "gunicorn.workers.gthread.Threadworker"\n',
        # The error is lost on its way: Config.__getattr__ gives the text in place of the class.
        exit_code=255,
        says="'str' object is not callable",
    ),
    Ends(code="GC131", conf='worker_class = "asgi"\n', exit_code=1, says="'asgi' invalid", releases=["23.0.0"]),
    Ends(code="GC132", conf='worker_class = "gevent"\n', exit_code=1, says="gevent worker requires gevent"),
    Ends(code="GC132", conf='worker_class = "tornado"\n', exit_code=1, says="need tornado installed"),
    Ends(code="GC139", conf='errorlog = "~/none/error.log"\n', exit_code=1, says="isn't writable"),
    Ends(code="GC139", conf='pidfile = "$HOME/gunicorn.pid"\n', exit_code=1, says="Can't create pidfile"),
    Ends(code="GC139", conf='worker_tmp_dir = "~"\n', exit_code=255, says="~ doesn't exist. Can't create workertmp"),
    Ends(code="GC139", conf='certfile = "/path/to/cert.pem"\n', exit_code=1, says="does not exist"),
    Ends(code="GC139", conf='logconfig = "~/logging.ini"\n', exit_code=1, says="not found"),
    Ends(code="GC140", conf='accesslog = "/nowhere/access.log"\n', exit_code=1, says="isn't writable"),
    Ends(code="GC140", conf='pidfile = "/nowhere/gunicorn.pid"\n', exit_code=1, says="Can't create pidfile"),
    Ends(code="GC140", conf='worker_tmp_dir = "/nowhere"\n', exit_code=255, says="Can't create workertmp"),
    Ends(code="GC142", conf="def when_ready():\n    pass\n", exit_code=1, says="an arity of: 1", checked=True),
    Ends(code="GC142", conf="def on_exit(*args):\n    pass\n", exit_code=1, says="an arity of: 1", checked=True),
    Ends(code="GC143", conf=WSGI_HOOK, exit_code=3, says="no attribute 'id'"),
    Ends(
        code="GC143",
        conf="def when_ready(server):\n    print(server.workers)\n",
        exit_code=1,
        says="no attribute 'workers'",
    ),
    Ends(
        code="GC144",
        conf='forwarded_allow_ips = "nginx"\n',
        exit_code=1,
        says="Invalid value for forwarded_allow_ips",
        checked=True,
        releases=["23.0.0", NEWEST],
    ),
    Ends(
        code="GC144",
        conf='forwarded_allow_ips = "10.0.0.0/8"\n',
        exit_code=1,
        says="Invalid value for forwarded_allow_ips",
        checked=True,
        releases=["23.0.0"],
    ),
    Ends(
        code="GC144",
        conf='forwarded_allow_ips = "192.168.1.1/24"\n',
        exit_code=1,
        says="has host bits set",
        checked=True,
        releases=["24.1.1", NEWEST],
    ),
    Ends(code="GC148", conf='raw_env = ["STAGE"]\n', exit_code=1, says="environment setting 'STAGE' invalid"),
    Ends(code="GC148", conf='raw_env = {"STAGE": "x"}\n', exit_code=1, says="environment setting 'STAGE' invalid"),
    Ends(
        code="GC149",
        conf="control_socket = None\n",
        exit_code=255,
        says="Unhandled exception in main loop",
        releases=["25.3.0", "26.2.0", NEWEST],
    ),
    Ends(
        code="GC153",
        conf='http_protocols = "h2"\nworker_class = "gthread"\nthreads = 2\n',
        exit_code=1,
        says="the h2 package is not installed",
        checked=True,
        releases=[NEWEST],
    ),
    Ends(code="GC158", conf="loglevel = None\n", exit_code=1, says="'NoneType' object has no attribute 'lower'"),
    Ends(code="GC161", conf=HANDLERS, exit_code=1, says="Unable to configure logger"),
    Ends(
        code="GC161",
        conf='logconfig_dict = {"version": 1, "formatters": {"plain": {"format": "%(message)s"}}}\n',
        exit_code=1,
        says="Unable to configure handler",
    ),
    Ends(code="GC163", conf='syslog = True\nsyslog_facility = "local8"\n', exit_code=1, says="unknown facility name"),
]
BY_RELEASE = [
    pytest.param(harm, release, id=f"{harm.code}-{release}-{index}")
    for index, harm in enumerate(ENDS)
    for release in harm.releases
]
UNCHECKED = [pytest.param(harm, id=f"{harm.code}-{index}") for index, harm in enumerate(ENDS) if not harm.checked]


@pytest.mark.parametrize(("harm", "release"), BY_RELEASE)
def test_the_rule_fires(harm: Ends, release: str) -> None:
    assert harm.code in codes(release, harm.conf)


@pytest.mark.slow
@pytest.mark.parametrize(("harm", "release"), BY_RELEASE)
def test_gunicorn_ends(harm: Ends, release: str, tmp_path: Path) -> None:
    exit_code, output = ended(release, harm.conf, tmp_path)
    assert harm.says in output
    assert exit_code == harm.exit_code


@pytest.mark.slow
@pytest.mark.parametrize("harm", UNCHECKED)
def test_check_config_does_not_see_it(harm: Ends, tmp_path: Path) -> None:
    assert ended(harm.releases[-1], harm.conf, tmp_path, "--check-config")[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc168_a_json_file_is_no_ini_file(release: str, tmp_path: Path) -> None:
    (tmp_path / "logging.json").write_text('{"version": 1}\n')
    conf = 'logconfig = "logging.json"\n'
    assert "GC168" in codes(release, conf)
    exit_code, output = ended(release, conf, tmp_path)
    assert exit_code == 1
    assert "Error" in output


@pytest.mark.slow
@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc147_only_root_becomes_another_user(release: str) -> None:
    python = release_python(release)
    with tempfile.TemporaryDirectory(prefix="gc") as directory:
        # pytest's own directories are closed to other users.
        Path(directory).chmod(0o755)
        as_root = os.geteuid() == 0
        if as_root and any(not parent.stat().st_mode & 0o001 for parent in python.resolve().parents):
            pytest.skip("the interpreter is where another user cannot execute it")
        args = ["--pythonpath", directory]
        exit_code, output = ended(release, "user = 1\n", Path(directory), *args, user=NOBODY if as_root else None)
    assert "Operation not permitted" in output
    assert exit_code == 255


@pytest.mark.slow
@pytest.mark.parametrize("release", [OLDEST, "23.0.0", NEWEST])
def test_gc164_true_switches_sendfile_off(release: str) -> None:
    program = "from gunicorn.config import Config; c = Config(); c.set('sendfile', True); print(c.sendfile)"
    done = subprocess.run(
        [str(release_python(release)), "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "False"
    assert "GC164" in codes(release, "sendfile = True\n")
