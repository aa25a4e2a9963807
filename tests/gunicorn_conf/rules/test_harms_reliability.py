"""What the rules on reliability warn of does happen: real Gunicorn is started with what makes them fire."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.gunicorn_conf.rules.running import WAIT_SECONDS, WSGI_APP, codes, running

pytestmark = pytest.mark.slow

OLDEST, NEWEST = "20.1.0", "27.0.1"
GTHREAD = 'worker_class = "gthread"\nthreads = 2\n'
SOMAXCONN = Path("/proc/sys/net/core/somaxconn")


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc301_the_sync_worker_keeps_no_connection_alive(release: str, tmp_path: Path) -> None:
    conf = "workers = 1\nkeepalive = 65\n"
    assert "GC301" in codes(conf, release)
    with running(release, conf, tmp_path) as server:
        assert server.answers().headers["Connection"] == "close"


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc305_a_request_longer_than_timeout_is_answered_by_gthread(release: str, tmp_path: Path) -> None:
    conf = GTHREAD + "timeout = 2\n"
    assert "GC305" in codes(conf, release)
    with running(release, conf, tmp_path) as server:
        with server.held() as connection:
            time.sleep(4)  # nothing happens, which is the point
            server.let_go()
            assert connection.getresponse().status == 200
        assert not server.says("WORKER TIMEOUT", within_seconds=1)


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc305_the_sync_worker_is_killed(release: str, tmp_path: Path) -> None:
    conf = "workers = 1\ntimeout = 1\n"
    assert "GC305" not in codes(conf, release)
    with running(release, conf, tmp_path) as server, server.held():
        server.wait_for("WORKER TIMEOUT")


def test_gc308_a_slow_import_never_ends_on_an_old_release(tmp_path: Path) -> None:
    conf = "workers = 1\ntimeout = 1\n"
    assert "GC308" in codes(conf, "21.2.0")
    with running("21.2.0", conf, tmp_path, "import time\ntime.sleep(10)\n" + WSGI_APP) as server:
        server.wait_for("WORKER TIMEOUT")


def test_gc308_it_does_since_22(tmp_path: Path) -> None:
    conf = "workers = 1\ntimeout = 1\n"
    assert "GC308" not in codes(conf, "22.0.0")
    with running("22.0.0", conf, tmp_path, "import time\ntime.sleep(3)\n" + WSGI_APP) as server:
        assert server.answers().status == 200
        assert not server.says("WORKER TIMEOUT", within_seconds=1)


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc310_a_stop_cuts_off_the_running_request(release: str, tmp_path: Path) -> None:
    conf = GTHREAD + "graceful_timeout = 0\n"
    assert "GC310" in codes(conf, release)
    with running(release, conf, tmp_path) as server, server.held() as connection:
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            connection.getresponse()


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc316_with_preload_app_an_edit_never_shows(release: str, tmp_path: Path) -> None:
    conf = 'preload_app = True\nreload = True\nreload_engine = "poll"\n'
    assert "GC316" in codes(conf, release)
    with running(release, conf, tmp_path) as server:
        assert server.answers().status == 200
        (tmp_path / "app.py").write_text(WSGI_APP.replace("200 OK", "418 Edited"))
        # A file that changes before the reloader has first looked at it goes unnoticed, so it changes again.
        for later in range(1, WAIT_SECONDS):
            os.utime(tmp_path / "app.py", (time.time() + later, time.time() + later))
            if server.says("Worker reloading", within_seconds=1):
                break
        server.wait_for("Booting worker")
        assert server.answers().status == 200


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
@pytest.mark.parametrize(("hook", "arguments", "code"), [
    ("on_starting", "server", 1), ("when_ready", "server", 1), ("post_fork", "server, worker", 3),
])  # fmt: skip
def test_gc320_a_hook_that_fails_ends_gunicorn(
    release: str, hook: str, arguments: str, code: int, tmp_path: Path
) -> None:
    conf = f"def {hook}({arguments}):\n    open('/no/such/file')\n"
    assert "GC320" in codes(conf, release)
    with running(release, conf, tmp_path, ready="No such file") as server:
        assert server.process.wait(WAIT_SECONDS) == code


@pytest.mark.skipif(shutil.which("ss") is None or not SOMAXCONN.exists(), reason="needs ss and Linux")
def test_gc321_the_kernel_cuts_the_backlog(tmp_path: Path) -> None:
    conf = "backlog = 99999\n"
    assert "GC321" in codes(conf, NEWEST)
    with running(NEWEST, conf, tmp_path) as server:
        table = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, timeout=WAIT_SECONDS, check=True).stdout
    queue = next(line.split()[2] for line in table.splitlines() if f":{server.port} " in line)
    assert int(queue) == min(99999, int(SOMAXCONN.read_text()))


def test_gc323_an_idle_connection_holds_up_a_stop(tmp_path: Path) -> None:
    conf = GTHREAD + "keepalive = 1\ngraceful_timeout = 60\n"
    assert "GC323" in codes(conf, "26.2.0")
    with running("26.2.0", conf, tmp_path) as server, contextlib.closing(server.connect()) as connection:
        connection.request("GET", "/")
        connection.getresponse().read()
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(4)  # four times as long as keepalive


@pytest.mark.parametrize("release", ["23.0.0", NEWEST])
def test_gc323_before_24_and_since_27_it_does_not(release: str, tmp_path: Path) -> None:
    conf = GTHREAD + "keepalive = 1\ngraceful_timeout = 60\n"
    assert "GC323" not in codes(conf, release)
    with running(release, conf, tmp_path) as server, contextlib.closing(server.connect()) as connection:
        connection.request("GET", "/")
        connection.getresponse().read()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(WAIT_SECONDS) == 0
