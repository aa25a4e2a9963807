"""What the rules on security warn of does happen: clients are believed, limits are none, secrets are shown."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import stat
import struct
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.gunicorn_conf.rules.started import WAIT_SECONDS, Server, codes, ended, lay, serving
from tests.gunicorn_conf.rules.test_harms_requests import certificate, handshakes

pytestmark = pytest.mark.slow

NEWEST, OLDEST = "27.0.1", "20.1.0"
BOTH = pytest.mark.parametrize("release", [OLDEST, NEWEST])
PUBLIC = 'bind = "0.0.0.0:8000"\n'
# Every address 127.x.y.z is this machine's on Linux: one that is not 127.0.0.1 stands for another machine.
ELSEWHERE = "127.0.0.2"
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs a second loopback address")
# Answers with what it was told of the request.
APP = """
import os

def app(environ, start_response):
    names = ("wsgi.url_scheme", "SCRIPT_NAME", "REMOTE_ADDR", "HTTP_X_AUTH")
    body = "|".join([*(environ.get(name, "-") for name in names), str(os.getgid())]).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def told(server: Server, headers: Mapping[str, str], *, source: str = "127.0.0.1", path: str = "/") -> tuple[int, str]:
    """Status and body of a request from another address."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_SECONDS, source_address=(source, 0))
    with contextlib.closing(connection):
        connection.request("GET", path, headers=dict(headers))
        response = connection.getresponse()
        return response.status, response.read().decode()


def proxied(server: Server, source: str) -> str:
    """The answer to a request that begins with the PROXY line of a load balancer."""
    with socket.create_connection(
        ("127.0.0.1", server.port), timeout=WAIT_SECONDS, source_address=(source, 0)
    ) as connection:
        connection.sendall(
            b"PROXY TCP4 203.0.113.7 127.0.0.1 1234 80\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        with connection.makefile("rb") as answer:
            return answer.read().decode()


@needs_linux
@BOTH
def test_gc501_a_client_says_that_it_came_by_https(release: str, tmp_path: Path) -> None:
    conf = PUBLIC + 'forwarded_allow_ips = "*"\n'
    assert "GC501" in codes(release, conf)
    with serving(release, conf, tmp_path, app=APP) as server:
        server.until("Listening at")
        _, body = told(server, {"X-Forwarded-Proto": "https", "SCRIPT_NAME": "/admin"}, source=ELSEWHERE, path="/admin")
    assert body.startswith("https|/admin|")


@needs_linux
@BOTH
def test_gc502_the_scheme_of_a_proxy_elsewhere_does_not_count(release: str, tmp_path: Path) -> None:
    with serving(release, PUBLIC, tmp_path, app=APP) as server:
        server.until("Listening at")
        assert told(server, {"X-Forwarded-Proto": "https"}, source=ELSEWHERE)[1].startswith("http|")
        assert told(server, {"X-Forwarded-Proto": "https"})[1].startswith("https|")


@BOTH
def test_gc503_two_headers_that_disagree_are_refused(release: str, tmp_path: Path) -> None:
    conf = 'secure_scheme_headers = {"X-FORWARDED-PROTO": "https", "X-FORWARDED-SSL": "on"}\n'
    assert "GC503" in codes(release, conf)
    with serving(release, conf, tmp_path) as server:
        server.until("Listening at")
        assert told(server, {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off"})[0] == 400


@needs_linux
@pytest.mark.parametrize("release", ["22.0.0", NEWEST])
@pytest.mark.parametrize(("conf", "seen"), [('header_map = "dangerous"\n', "me"), ("", "-")])
def test_gc504_an_underscore_passes_for_a_hyphen(release: str, conf: str, seen: str, tmp_path: Path) -> None:
    assert ("GC504" in codes(release, conf)) is bool(conf)
    with serving(release, conf, tmp_path, app=APP) as server:
        server.until("Listening at")
        assert told(server, {"X_Auth": "me"}, source=ELSEWHERE)[1].split("|")[3] == seen


@pytest.mark.parametrize("release", ["23.0.0", NEWEST])
@pytest.mark.parametrize(("entry", "seen"), [("x_auth", "-"), ("HTTP_X_AUTH", "-"), ("X_AUTH", "me")])
def test_gc505_names_are_compared_in_capitals(release: str, entry: str, seen: str, tmp_path: Path) -> None:
    conf = f'forwarder_headers = "SCRIPT_NAME,{entry}"\n'
    assert ("GC505" in codes(release, conf)) is (seen == "-")
    with serving(release, conf, tmp_path, app=APP) as server:
        server.until("Listening at")
        assert told(server, {"X_AUTH": "me"})[1].split("|")[3] == seen


@BOTH
def test_gc507_a_long_url_is_taken(release: str, tmp_path: Path) -> None:
    assert "GC507" in codes(release, "limit_request_line = 0\n")
    with serving(release, "limit_request_line = 0\n", tmp_path) as server:
        server.until("Listening at")
        assert told(server, {}, path="/" + "a" * 60_000)[0] == 200


def test_gc507_a_long_header_is_taken_before_25_2(tmp_path: Path) -> None:
    assert "GC507" in codes("24.1.1", "limit_request_field_size = 0\n")
    with serving("24.1.1", "limit_request_field_size = 0\n", tmp_path) as server:
        server.until("Listening at")
        assert told(server, {"X-Long": "a" * 60_000})[0] == 200


@pytest.mark.parametrize(("release", "status"), [(OLDEST, 400), (NEWEST, 414)])
def test_gc508_a_long_url_is_refused(release: str, status: int, tmp_path: Path) -> None:
    assert "GC508" in codes(release, "limit_request_line = 16384\n")
    with serving(release, "limit_request_line = 16384\n", tmp_path) as server:
        server.until("Listening at")
        assert told(server, {}, path="/" + "a" * 9_000)[0] == status


def test_gc508_a_long_header_is_refused_since_25_2(tmp_path: Path) -> None:
    assert "GC508" in codes(NEWEST, "limit_request_field_size = 0\n")
    with serving(NEWEST, "limit_request_field_size = 0\n", tmp_path) as server:
        server.until("Listening at")
        assert told(server, {"X-Long": "a" * 9_000})[0] == 431


@needs_linux
@BOTH
def test_gc510_a_load_balancer_elsewhere_is_refused(release: str, tmp_path: Path) -> None:
    conf = PUBLIC + "proxy_protocol = True\n"
    assert "GC510" in codes(release, conf)
    with serving(release, conf, tmp_path, app=APP) as server:
        server.until("Listening at")
        assert proxied(server, ELSEWHERE).startswith("HTTP/1.1 403")


@needs_linux
@BOTH
def test_gc511_a_client_claims_any_address(release: str, tmp_path: Path) -> None:
    conf = PUBLIC + 'proxy_protocol = True\nproxy_allow_ips = "*"\n'
    assert "GC511" in codes(release, conf)
    with serving(release, conf, tmp_path, app=APP) as server:
        server.until("Listening at")
        assert "|203.0.113.7|" in proxied(server, ELSEWHERE)


@needs_linux
@pytest.mark.parametrize("release", ["24.1.1", NEWEST])
def test_gc512_a_client_speaks_uwsgi(release: str, tmp_path: Path) -> None:
    conf = PUBLIC + 'protocol = "uwsgi"\nuwsgi_allow_ips = "*"\n'
    assert "GC512" in codes(release, conf)
    variables = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTPS": "on", "HTTP_X_AUTH": "me"}
    block = b"".join(
        struct.pack("<H", len(part)) + part.encode() for variable in variables.items() for part in variable
    )
    with serving(release, conf, tmp_path, app=APP) as server:
        server.until("Listening at")
        with socket.create_connection(
            ("127.0.0.1", server.port), timeout=WAIT_SECONDS, source_address=(ELSEWHERE, 0)
        ) as connection:
            connection.sendall(struct.pack("<BHB", 0, len(block), 0) + block)
            with connection.makefile("rb") as answer:
                assert answer.read().endswith(f"https||{ELSEWHERE}|me|{os.getgid()}".encode())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@BOTH
def test_gc513_without_group_the_workers_keep_roots(release: str) -> None:
    # A directory that the other user may enter, which tmp_path is not.
    with tempfile.TemporaryDirectory(prefix="gc", dir="/tmp") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with serving(release, 'user = "nobody"\n', directory, app=APP) as server:
            server.until("Booting worker")
            assert told(server, {})[1].endswith("|0")


@BOTH
def test_gc514_the_socket_is_everybodys(release: str, tmp_path: Path) -> None:
    assert "GC514" in codes(release, 'bind = "unix:/run/shop.sock"\n')
    with tempfile.TemporaryDirectory(prefix="gc") as name:
        path = Path(name) / "socket"
        with serving(release, "", tmp_path, args=["--bind", f"unix:{path}"]) as server:
            server.until("Booting worker")
            assert stat.S_IMODE(path.stat().st_mode) == 0o777


@BOTH
def test_gc516_and_gc517_the_log_shows_the_secret(release: str, tmp_path: Path) -> None:
    conf = 'loglevel = "debug"\nraw_env = ["SECRET_KEY=hunter2"]\n'
    assert {"GC516", "GC517"} <= codes(release, conf)
    with serving(release, conf, tmp_path) as server:
        assert "SECRET_KEY=hunter2" in server.until("Booting worker")


@pytest.mark.parametrize("release", ["25.3.0", NEWEST])
def test_gc518_others_may_connect_to_the_control_socket(release: str, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="gc") as name:
        path = Path(name) / "control"
        conf = f'control_socket = "{path}"\ncontrol_socket_mode = 0o666\n'
        assert "GC518" in codes(release, conf)
        with serving(release, conf, tmp_path) as server:
            server.until("Control socket listening")
            assert stat.S_IMODE(path.stat().st_mode) == 0o666


@BOTH
def test_gc519_a_syntax_error_is_shown_to_clients(release: str, tmp_path: Path) -> None:
    assert "GC519" in codes(release, "reload = True\n")
    with serving(release, "reload = True\n", tmp_path, app="def app(:\n") as server:
        server.until("SyntaxError")
        status, body = server.get()
        assert status == 500
        assert b'File "' in body


@pytest.mark.parametrize("release", ["21.2.0", NEWEST])
def test_gc520_it_says_that_the_version_is_ignored(release: str, tmp_path: Path) -> None:
    conf = 'ssl_version = "TLSv1_2"\n'
    assert "GC520" in codes(release, conf)
    assert "deprecated and it is ignored" in ended(release, conf, tmp_path, "--check-config")[1]


@BOTH
def test_gc521_a_check_executes_the_file(release: str, tmp_path: Path) -> None:
    conf = 'open("trace", "w").close()\n'
    assert "GC521" in codes(release, conf)
    assert ended(release, conf, tmp_path, "--check-config")[0] == 0
    assert (tmp_path / "trace").exists()


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_gc522_each_connection_makes_a_context(worker_class: str, tmp_path: Path) -> None:
    certificate(tmp_path)
    conf = f"""
certfile = "tls.crt"
keyfile = "tls.key"
worker_class = "{worker_class}"

def ssl_context(config, default_ssl_context_factory):
    print("a context is made", flush=True)
    return default_ssl_context_factory()
"""
    assert "GC522" in codes(NEWEST, conf)
    with serving(NEWEST, conf, tmp_path) as server:
        server.until("Booting worker")
        for made in (1, 2):
            assert handshakes(server.port)
            server.log[:] = [line for line in server.log if "a context is made" not in line]
            assert server.until("a context is made").count("a context is made") == 1, made


@BOTH
def test_gc523_every_line_is_printed(release: str, tmp_path: Path) -> None:
    assert "GC523" in codes(release, "spew = True\n")
    lay(tmp_path, "spew = True\n")
    with serving(release, "spew = True\n", tmp_path) as server:
        server.until("gunicorn.arbiter:")
