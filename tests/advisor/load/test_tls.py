"""The same load over TLS."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.load import address
from advisor.load.run import run_load, run_load_apart
from advisor.load.samples import Kind
from advisor.load.spec import ClosedLoop, Connections, LoadRequest, LoadSpec, OpenLoop
from gunicorn_conf.errors import BadInput, ServerFailed
from tests.advisor.load import servers
from tests.advisor.load.servers import OK, OK_AND_CLOSE, Behaviour, serving

pytestmark = pytest.mark.usefixtures("_each_poller")

SPEC = LoadSpec(url="https://127.0.0.1:1", loop=ClosedLoop(clients=4), seconds=60, most_requests=40)
# Many records of 16 KiB, so that what came at once is more than what is read at once.
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate that nobody has signed, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, file = folder / "key.pem", folder / "certificate.pem"
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"]
    subprocess.run([openssl, "req", "-x509", *options, "-keyout", key, "-out", file], check=True, capture_output=True)
    file.write_text(file.read_text() + key.read_text())
    return file


def _under_tls(certificate: Path, behaviour: Behaviour) -> Behaviour:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def behave(number: int, client: socket.socket, over: threading.Event) -> None:
        try:
            with context.wrap_socket(client, server_side=True) as wrapped:
                behaviour(number, wrapped, over)
        except ssl.SSLError:
            return  # a client that only looks whether it could

    return behave


def _https(url: str) -> str:
    return url.replace("http://", "https://")


@pytest.mark.parametrize("connections", list(Connections))
@pytest.mark.parametrize("response", [OK, LARGE], ids=["small", "large"])
def test_every_request_is_answered(certificate: Path, connections: Connections, response: bytes) -> None:
    with serving(_under_tls(certificate, servers.answering_always(response))) as url:
        result = run_load(replace(SPEC, url=_https(url), connections=connections))
    assert result.samples.kinds() == {Kind.ANSWERED: 40}


def test_large_requests_are_sent_whole(certificate: Path) -> None:
    sizes: list[int] = []

    def measure_and_answer(_number: int, client: socket.socket, _over: threading.Event) -> None:
        while request := servers.read_request(client):
            sizes.append(len(request.partition(b"\r\n\r\n")[2]))
            client.sendall(OK_AND_CLOSE)
            return

    post = LoadRequest(method="POST", body=bytes(3_000_000))
    with serving(_under_tls(certificate, measure_and_answer)) as url:
        result = run_load(replace(SPEC, url=_https(url), requests=(post,), most_requests=6))
    assert result.samples.kinds() == {Kind.ANSWERED: 6}
    assert sizes == [3_000_000] * 6


def test_kept_alive_connections_of_an_open_loop_are_used_again(certificate: Path) -> None:
    numbers: set[int] = set()

    def note_and_answer(number: int, client: socket.socket, _over: threading.Event) -> None:
        while servers.read_request(client):
            numbers.add(number)
            client.sendall(OK)

    spec = replace(SPEC, loop=OpenLoop(rate_per_second=100), connections=Connections.KEPT_ALIVE, most_requests=30)
    with serving(_under_tls(certificate, note_and_answer)) as url:
        result = run_load(replace(spec, url=_https(url)))
    assert result.samples.kinds() == {Kind.ANSWERED: 30}
    assert result.dropped_connections == 0
    assert len(numbers) < 30


@pytest.mark.parametrize(
    ("piece", "kind"), [(b"", Kind.RESET), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", Kind.SHORT)]
)
def test_connections_that_end_early_are_counted_by_kind(certificate: Path, piece: bytes, kind: Kind) -> None:
    with serving(_under_tls(certificate, servers.answering(piece))) as url:
        result = run_load(replace(SPEC, url=_https(url), most_requests=6))
    assert result.samples.kinds() == {kind: 6}


def test_a_server_that_is_silent_within_the_handshake_runs_into_the_timeout(certificate: Path) -> None:
    answer = _under_tls(certificate, servers.answering(OK))

    def stall_after_the_first(number: int, client: socket.socket, over: threading.Event) -> None:
        if number == 1:
            answer(number, client, over)
        else:
            over.wait(60)

    with serving(stall_after_the_first) as url:
        result = run_load(replace(SPEC, url=_https(url), most_requests=4, timeout_seconds=0.2))
    assert result.samples.kinds() == {Kind.TIMEOUT: 4}


def test_a_server_without_tls_is_said() -> None:
    def answer_at_once(_number: int, client: socket.socket, _over: threading.Event) -> None:
        client.recv(65536)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(answer_at_once) as url, pytest.raises(ServerFailed) as raised:
        run_load(replace(SPEC, url=_https(url)))
    assert "does not answer over TLS" in str(raised.value)


def test_the_certificate_of_another_machine_must_be_good(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = address.socket.getaddrinfo

    def here(_host: str, port: int, *rest: int, **options: int) -> object:
        return really("127.0.0.1", port, *rest, **options)

    with serving(_under_tls(certificate, servers.answering(OK))) as url:
        monkeypatch.setattr(address.socket, "getaddrinfo", here)
        named = _https(url).replace("127.0.0.1", "staging.example")
        with pytest.raises(BadInput, match="cannot be verified") as raised:
            run_load(replace(SPEC, url=named, allowed_host="staging.example"))
    assert "self" in raised.value.why


def test_a_generator_apart_does_it_too(certificate: Path) -> None:
    with serving(_under_tls(certificate, servers.answering_always(OK))) as url:
        result = run_load_apart(replace(SPEC, url=_https(url)))
    assert result.samples.kinds() == {Kind.ANSWERED: 40}
