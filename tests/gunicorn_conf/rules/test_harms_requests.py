"""What rules say of requests does happen: Gunicorn starts, and serves errors, nothing, or something else than meant."""

from __future__ import annotations

import http.client
import shutil
import ssl
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gunicorn_conf.rules.started import WSGI_APP, Server, codes, ended, serving

pytestmark = pytest.mark.slow

NEWEST, OLDEST = "27.0.1", "20.1.0"
# Without a log there is no event to wait for: 10 s in all, of which a start takes less than one.
ATTEMPTS, ATTEMPT_SECONDS = 200, 0.05
ASGI_APP = """
from fastapi import FastAPI

app = FastAPI()
"""
# The application as it runs, where the framework itself is not installed.
PLAIN_ASGI_APP = """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"served"})
"""
FLASK_APP = """
from flask import Flask

app = Flask(__name__)
"""
FACTORY = """
from flask import Flask

def create_app():
    return Flask(__name__)
"""


@dataclass(frozen=True, kw_only=True)
class Fails:
    """A configuration with which every request is answered with 500."""

    code: str
    conf: str
    says: str
    app: str = WSGI_APP
    source: str | None = None
    """What the rule sees, where that is not what runs."""
    target: str = "app:app"
    releases: Sequence[str] = (OLDEST, NEWEST)


FAILS = [
    Fails(code="GC135", conf="", app=PLAIN_ASGI_APP, source=ASGI_APP, says="missing 1 required positional argument"),
    Fails(code="GC136", conf='worker_class = "asgi"\n', app=FLASK_APP, says="TypeError", releases=[NEWEST]),
    Fails(
        code="GC137", conf="", app=FACTORY, target="app:create_app", says="create_app() takes 0 positional arguments"
    ),
    Fails(code="GC154", conf='http_parser = "fast"\n', says="gunicorn_h1c not installed", releases=["25.3.0", NEWEST]),
]
BY_RELEASE = [pytest.param(harm, release, id=f"{harm.code}-{release}") for harm in FAILS for release in harm.releases]


@pytest.mark.parametrize(("harm", "release"), BY_RELEASE)
def test_every_request_is_answered_with_500(harm: Fails, release: str, tmp_path: Path) -> None:
    assert harm.code in codes(release, harm.conf, harm.source or harm.app, harm.target)
    with serving(release, harm.conf, tmp_path, app=harm.app, target=harm.target) as server:
        server.until("Listening at")
        assert server.get()[0] == 500
        assert harm.says in server.until(harm.says)


@pytest.mark.parametrize("harm", FAILS, ids=lambda harm: harm.code)
def test_check_config_does_not_see_it(harm: Fails, tmp_path: Path) -> None:
    release = harm.releases[-1]
    with serving(release, harm.conf, tmp_path, app=harm.app, target=harm.target, args=["--check-config"]) as server:
        assert server.process.wait(30) == 0


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc138_nobody_answers_without_workers(release: str, tmp_path: Path) -> None:
    assert "GC138" in codes(release, "workers = 0\n")
    with serving(release, "workers = 0\n", tmp_path) as server:
        server.until("Using worker")
        # Long enough for any answer on loopback, short enough for a test.
        with pytest.raises(TimeoutError):
            server.get(timeout=2)


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc145_the_scheme_stays_http(release: str, tmp_path: Path) -> None:
    wrong = 'secure_scheme_headers = {"X-Forwarded-Proto": "https"}\n'
    right = wrong.replace("X-Forwarded-Proto", "X-FORWARDED-PROTO")
    assert "GC145" in codes(release, wrong)
    for conf, scheme in ((wrong, b"http"), (right, b"https")):
        with serving(release, conf, tmp_path) as server:
            server.until("Listening at")
            assert server.get(headers={"X-Forwarded-Proto": "https"}) == (200, scheme)


@pytest.mark.parametrize("release", ["24.1.1", NEWEST])
def test_gc146_https_is_plain_http(release: str, tmp_path: Path) -> None:
    assert "GC146" in codes(release, 'protocol = "https"\n')
    with serving(release, 'protocol = "https"\n', tmp_path) as server:
        server.until("Listening at")
        assert server.get() == (200, b"http")


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc144_a_name_never_matches_where_it_is_not_checked(release: str, tmp_path: Path) -> None:
    conf = 'forwarded_allow_ips = "localhost"\n'
    if release == NEWEST:
        assert ended(release, conf, tmp_path)[0] == 1
        return
    assert "GC144" in codes(release, conf)
    with serving(release, conf, tmp_path) as server:
        server.until("Listening at")
        assert server.get(headers={"X-Forwarded-Proto": "https"}) == (200, b"http")


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc150_a_key_alone_serves_nobody(release: str, tmp_path: Path) -> None:
    certificate(tmp_path)
    conf = f'keyfile = "{tmp_path}/tls.key"\n'
    assert "GC150" in codes(release, conf)
    with serving(release, conf, tmp_path) as server:
        server.until("Listening at")
        assert not handshakes(server.port)


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc152_without_an_authority_no_client_gets_in(release: str, tmp_path: Path) -> None:
    certificate(tmp_path)
    tls = f'certfile = "{tmp_path}/tls.crt"\nkeyfile = "{tmp_path}/tls.key"\n'
    assert "GC152" in codes(release, tls + "cert_reqs = 2\n")
    for conf, gets_in in ((tls, True), (tls + "cert_reqs = 2\n", False)):
        with serving(release, conf, tmp_path) as server:
            server.until("Listening at")
            assert handshakes(server.port, tmp_path / "tls.crt", tmp_path / "tls.key") is gets_in


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
@pytest.mark.parametrize("fields", ["%h %l", "%(h)s %(s)d", "%(h)s %s", "100% %(h)s", "%(h)"])
def test_gc156_each_request_logs_a_traceback(release: str, fields: str, tmp_path: Path) -> None:
    conf = f'accesslog = "-"\naccess_log_format = "{fields}"\n'
    assert "GC156" in codes(release, conf)
    with serving(release, conf, tmp_path) as server:
        server.until("Listening at")
        assert server.get()[0] == 200
        server.until("--- Logging error ---")


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc156_what_does_not_exist_is_a_hyphen(release: str, tmp_path: Path) -> None:
    conf = 'accesslog = "-"\naccess_log_format = "<%(x)s %({none}i)s %({x-request-id})s>"\n'
    assert "GC156" in codes(release, conf)
    with serving(release, conf, tmp_path) as server:
        server.until("Listening at")
        assert server.get(headers={"X-Request-Id": "1"})[0] == 200
        server.until("<- - ->")


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc157_an_unknown_level_is_info(release: str, tmp_path: Path) -> None:
    assert "GC157" in codes(release, 'loglevel = "warn"\n')
    with serving(release, 'loglevel = "warn"\n', tmp_path) as server:
        server.until("[INFO] Booting worker")


@pytest.mark.parametrize("release", ["25.3.0", NEWEST])
def test_gc167_no_dirty_worker_is_started(release: str, tmp_path: Path) -> None:
    conf = "dirty_workers = 1\n"
    assert "GC167" in codes(release, conf)
    with serving(release, conf, tmp_path) as server:
        server.until("Listening at")
        assert server.get()[0] == 200
        assert "irty" not in server.until("Booting worker")


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
def test_gc169_gunicorn_falls_silent(release: str, tmp_path: Path) -> None:
    silent = 'logconfig_dict = {"version": 1, "disable_existing_loggers": True, "loggers": {}}\n'
    assert "GC169" in codes(release, silent)
    with serving(release, silent, tmp_path) as server:
        assert answers(server)
        server.process.terminate()
        assert server.rest() == ""


def answers(server: Server) -> bool:
    """Whether a server answers that says nothing of when it begins to listen."""
    for _ in range(ATTEMPTS):
        try:
            return server.get()[0] == 200
        except ConnectionRefusedError:
            time.sleep(ATTEMPT_SECONDS)
    return False


def certificate(directory: Path) -> None:
    """Make a key and a certificate for localhost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-keyout", str(directory / "tls.key"), "-out", str(directory / "tls.crt")),
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )


def handshakes(port: int, certfile: Path | None = None, keyfile: Path | None = None) -> bool:
    """Whether a client gets an answer over TLS, with a certificate of its own where one is given."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certfile is not None:
        context.load_cert_chain(certfile, keyfile)
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read() == b"https"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
