"""The first look at an endpoint, against servers that do what a test says."""

from __future__ import annotations

import socket
import threading

import pytest

from advisor.load.samples import Kind
from advisor.load.spec import LoadRequest
from advisor.measure.profile.answers import refusal, remarks
from advisor.measure.profile.probe import Answer, probe
from gunicorn_conf.errors import BadInput, ServerFailed
from tests.advisor.load.servers import OK, read_request, serving


def answered(answer: bytes) -> Answer:
    def behave(_: int, client: socket.socket, __: threading.Event) -> None:
        read_request(client)
        client.sendall(answer)

    with serving(behave) as url:
        return probe(url, LoadRequest(path="/x"), timeout_seconds=10)


def test_an_answer_is_taken_whole() -> None:
    answer = answered(OK)
    assert (answer.kind, answer.status, answer.size_bytes) == (Kind.ANSWERED, 200, len(OK))
    assert answer.headers == {"content-length": "2"}


def test_the_head_after_an_interim_one_counts() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    assert answered(interim + OK).headers == {"content-length": "2"}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"", Kind.RESET),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", Kind.SHORT),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Kind.MALFORMED),
    ],
)
def test_what_is_no_whole_answer_is_told_apart(sent: bytes, kind: Kind) -> None:
    answer = answered(sent)
    assert (answer.kind, answer.status) == (kind, 0)
    failed = refusal(answer, "")
    assert isinstance(failed, ServerFailed)
    assert failed.why
    assert failed.hint


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_asked() -> None:
    def behave(_: int, __: socket.socket, over: threading.Event) -> None:
        over.wait(30)

    with serving(behave) as url:
        assert probe(url, LoadRequest(), timeout_seconds=0.05).kind is Kind.TIMEOUT


def test_a_server_that_never_comes_to_an_end_is_waited_for_no_longer_than_asked() -> None:
    def behave(_: int, client: socket.socket, over: threading.Event) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.wait(0.01):
            client.sendall(b"tick")

    with serving(behave) as url:
        assert probe(url, LoadRequest(), timeout_seconds=0.2).kind is Kind.TIMEOUT


def test_nobody_listens_where_the_connection_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert probe(f"http://127.0.0.1:{port}", LoadRequest(), timeout_seconds=5).kind is Kind.REFUSED


def made(status: int, *, size_bytes: int = 100, location: str | None = None) -> Answer:
    kind = Kind.ANSWERED if status < 400 else Kind.CLIENT_ERROR if status < 500 else Kind.SERVER_ERROR
    headers = {} if location is None else {"location": location}
    return Answer(request=LoadRequest(), kind=kind, status=status, headers=headers, size_bytes=size_bytes, seconds=0.01)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "Authorization"),
        (403, "login"),
        (404, "page that exists"),
        (400, "ALLOWED_HOSTS"),
        (405, "--request 'POST /x'"),
    ],
)
def test_a_refusal_says_what_to_send_instead(status: int, words: str) -> None:
    failed = refusal(made(status), "")
    assert isinstance(failed, BadInput)
    assert words in failed.hint


@pytest.mark.parametrize("status", [200, 204, 301, 304])
def test_whole_answers_below_400_can_be_measured(status: int) -> None:
    assert refusal(made(status), "") is None


def test_an_unknown_status_is_shown_as_it_is() -> None:
    assert str(refusal(made(599), "")) == "GET / answers 599"


def test_answers_that_resemble_each_other_are_no_news() -> None:
    assert remarks([made(200, size_bytes=1000), made(200, size_bytes=1010)]) == []


def test_answers_that_vary_are_said() -> None:
    assert remarks([made(200, size_bytes=1000), made(304, size_bytes=100)]) == [
        "the answers of GET / vary: from 100 to 1,000 bytes",
        "the answers of GET / vary: 200, 304",
    ]


def test_a_redirect_to_nowhere_is_said_too() -> None:
    assert remarks([made(302)])[0].startswith("GET / answers 302 to nowhere: only the redirect was measured")
