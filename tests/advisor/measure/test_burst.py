"""Requests sent at the same moment, against sockets that behave well and badly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from advisor.measure.burst import send_at_once
from advisor.measure.limits import MOST_REQUESTS, check_timeout
from gunicorn_conf.errors import BadInput

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield server


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def _read_request(client: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(65536)
    return received


def test_all_are_sent_before_any_is_answered_each_on_its_own_connection(listener: socket.socket) -> None:
    requests: list[bytes] = []

    def answer_when_all_are_there() -> None:
        clients = [listener.accept()[0] for _ in range(20)]
        requests.extend(_read_request(client) for client in clients)
        for client in clients:
            client.sendall(_ANSWER)
            client.close()

    server = threading.Thread(target=answer_when_all_are_there)
    server.start()
    answers = send_at_once(_url(listener), 20, timeout_seconds=30)
    server.join()
    assert [(answer.number, answer.status, answer.error) for answer in answers] == [(n, 200, None) for n in range(20)]
    assert all(answer.answered_seconds >= answer.sent_seconds for answer in answers)
    numbers = {line for request in requests for line in request.split(b"\r\n") if line.startswith(b"X-Gcadvise")}
    assert numbers == {b"X-Gcadvise-Request: %d" % number for number in range(20)}


def test_proxies_of_the_environment_are_not_used(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")

    def answer() -> None:
        client, _ = listener.accept()
        _read_request(client)
        client.sendall(_ANSWER)
        client.close()

    server = threading.Thread(target=answer)
    server.start()
    assert send_at_once(_url(listener), 1, timeout_seconds=30)[0].status == 200
    server.join()


def test_a_server_that_never_answers_is_a_timeout(listener: socket.socket) -> None:
    (answer,) = send_at_once(_url(listener), 1, timeout_seconds=0.2)
    assert (answer.status, answer.error) == (None, "timeout")


def test_a_server_that_drips_for_ever_is_given_up(listener: socket.socket) -> None:
    over = threading.Event()

    def drip() -> None:
        client, _ = listener.accept()
        with client:
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not over.wait(0.05):
                try:
                    client.sendall(b".")
                except OSError:
                    return

    server = threading.Thread(target=drip)
    server.start()
    (answer,) = send_at_once(_url(listener), 1, timeout_seconds=0.2)
    over.set()
    server.join()
    assert answer.error == "timeout"


def test_a_closed_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = _url(server)
    assert send_at_once(url, 1)[0].error == "refused"


def test_a_connection_that_breaks_is_said(listener: socket.socket) -> None:
    server = threading.Thread(target=lambda: listener.accept()[0].close())
    server.start()
    assert send_at_once(_url(listener), 1)[0].error == "connection"
    server.join()


@pytest.mark.parametrize("count", [0, -1, MOST_REQUESTS + 1])
def test_the_number_of_requests_is_bounded(count: int) -> None:
    with pytest.raises(BadInput, match="cannot be sent at once"):
        send_at_once("http://127.0.0.1:1/", count)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 3601.0])
def test_the_time_to_wait_is_bounded(seconds: float) -> None:
    with pytest.raises(BadInput, match="not a time to wait"):
        check_timeout(seconds)
