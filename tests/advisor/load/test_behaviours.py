"""The engine against servers that behave well and badly: all is counted by kind, nothing hangs or breaks it."""

from __future__ import annotations

import random
import socket
import threading
import time
from itertools import count

import pytest

from advisor.load.result import LoadResult
from advisor.load.run import run_load
from advisor.load.samples import Kind
from advisor.load.spec import Arrivals, ClosedLoop, Connections, LoadRequest, LoadSpec, OpenLoop
from tests.advisor.load import servers
from tests.advisor.load.servers import OK, OK_AND_CLOSE, serving

pytestmark = pytest.mark.usefixtures("_each_poller")

KEPT = Connections.KEPT_ALIVE
NEW = Connections.NEW


def load(
    url: str,
    *,
    clients: int = 4,
    requests: int = 20,
    connections: Connections = NEW,
    timeout_seconds: float = 20.0,
    request: LoadRequest | None = None,
) -> LoadResult:
    return run_load(
        LoadSpec(
            url=url,
            loop=ClosedLoop(clients=clients),
            seconds=60,
            most_requests=requests,
            connections=connections,
            timeout_seconds=timeout_seconds,
            requests=(request or LoadRequest(),),
        )
    )


def percentile(values: object, share: float) -> float:
    ordered = sorted(values)  # type: ignore[call-overload]
    return float(ordered[int(len(ordered) * share)])


@pytest.mark.parametrize("connections", list(Connections))
def test_every_request_is_answered_by_a_good_server(connections: Connections) -> None:
    with serving(servers.answering_always(OK)) as url:
        result = load(url, requests=200, connections=connections)
    assert result.samples.kinds() == {Kind.ANSWERED: 200}
    assert result.samples.statuses() == {200: 200}
    assert (result.started, result.unfinished, result.interrupted) == (200, 0, False)


def test_kept_alive_connections_are_used_again_and_new_ones_are_not() -> None:
    opened: list[int] = []

    def count_and_answer(number: int, client: socket.socket, over: threading.Event) -> None:
        opened.append(number)
        servers.answering_always(OK)(number, client, over)

    with serving(count_and_answer) as url:
        load(url, clients=3, requests=60, connections=KEPT)
    assert len(opened) == 3
    opened.clear()
    with serving(count_and_answer) as url:
        load(url, clients=3, requests=60, connections=NEW)
    assert len(opened) == 60


def test_a_server_that_answers_after_20_ms_is_never_measured_as_faster() -> None:
    def answer_late(_number: int, client: socket.socket, _over: threading.Event) -> None:
        while servers.read_request(client):
            time.sleep(0.02)
            client.sendall(OK)

    with serving(answer_late) as url:
        result = load(url, requests=40, connections=KEPT)
    assert result.samples.kinds() == {Kind.ANSWERED: 40}
    assert min(result.samples.service_seconds) >= 0.0199  # float32 rounds


def test_a_stop_of_one_second_shows_in_the_open_loop_and_hides_in_the_closed_one() -> None:
    def stopping() -> servers.Behaviour:
        numbers = count(1)

        def answer(_number: int, client: socket.socket, _over: threading.Event) -> None:
            if servers.read_request(client):
                if next(numbers) == 150:
                    time.sleep(1)
                client.sendall(OK_AND_CLOSE)

        return answer

    with serving(stopping(), in_turn=True) as url:
        closed = load(url, clients=1, requests=300)
    with serving(stopping(), in_turn=True) as url:
        opened = run_load(
            LoadSpec(
                url=url, loop=OpenLoop(rate_per_second=200, arrivals=Arrivals.CONSTANT), seconds=2, timeout_seconds=20
            )
        )
    assert closed.samples.kinds() == {Kind.ANSWERED: 300}
    assert opened.samples.kinds() == {Kind.ANSWERED: 400}
    assert percentile(closed.samples.response_times(timeout_seconds=20), 0.99) < 0.5
    assert percentile(opened.samples.response_times(timeout_seconds=20), 0.99) > 0.5


def test_a_server_that_drops_every_100th_connection_is_counted() -> None:
    def drop_some(number: int, client: socket.socket, over: threading.Event) -> None:
        if number % 100:
            servers.answering(OK_AND_CLOSE)(number, client, over)
        else:
            servers.reset(client)

    with serving(drop_some) as url:
        result = load(url, requests=400)
    assert result.samples.kinds() == {Kind.ANSWERED: 396, Kind.RESET: 4}


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        pytest.param(servers.answering(b"hello, who is there?\r\n"), Kind.MALFORMED, id="garbage"),
        pytest.param(servers.answering(b"\x16\x03\x01" * 100), Kind.MALFORMED, id="binary garbage"),
        pytest.param(servers.answering(OK + OK), Kind.MALFORMED, id="two answers"),
        pytest.param(
            servers.answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            Kind.MALFORMED,
            id="bad chunk",
        ),
        pytest.param(servers.answering(b""), Kind.RESET, id="closes without an answer"),
        pytest.param(servers.answering(b"HTTP/1.1 200 OK\r\nContent-Le"), Kind.SHORT, id="closes within the head"),
        pytest.param(
            servers.answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
            Kind.SHORT,
            id="closes within the body",
        ),
        pytest.param(
            servers.answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
            Kind.SHORT,
            id="closes before the last chunk",
        ),
        pytest.param(
            servers.answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), Kind.CLIENT_ERROR, id="404"
        ),
        pytest.param(servers.answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), Kind.SERVER_ERROR, id="503"),
        pytest.param(
            servers.answering(b"HTTP/1.0 200 OK\r\n\r\n", b"until ", b"the end"), Kind.ANSWERED, id="HTTP/1.0"
        ),
        pytest.param(
            servers.answering(b"HTTP/1.1 103 Early Hints\r\n\r\n", OK_AND_CLOSE), Kind.ANSWERED, id="interim response"
        ),
        pytest.param(servers.answering(*(bytes([byte]) for byte in OK)), Kind.ANSWERED, id="byte by byte"),
        pytest.param(
            servers.answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000),
            Kind.ANSWERED,
            id="3 MB",
        ),
    ],
)
@pytest.mark.parametrize("connections", list(Connections))
def test_each_way_to_answer_is_counted_by_its_kind(
    behaviour: servers.Behaviour, kind: Kind, connections: Connections
) -> None:
    with serving(behaviour) as url:
        result = load(url, connections=connections)
    assert result.samples.kinds() == {kind: 20}


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(b"", id="never answers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nConte", id="stalls within the head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", id="stalls within the body"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nhello", id="never closes"),
    ],
)
def test_a_server_that_stalls_is_a_timeout(piece: bytes) -> None:
    with serving(servers.answering_then_silent(piece)) as url:
        result = load(url, requests=8, timeout_seconds=0.2)
    assert result.samples.kinds() == {Kind.TIMEOUT: 8}
    assert min(result.samples.response_times(timeout_seconds=0.2)) == pytest.approx(0.2, rel=1e-6) or (
        min(result.samples.response_times(timeout_seconds=0.2)) > 0.2
    )


def test_an_open_loop_goes_on_while_a_server_never_answers() -> None:
    with serving(servers.answering_then_silent(b"")) as url:
        result = run_load(
            LoadSpec(
                url=url,
                loop=OpenLoop(rate_per_second=100, arrivals=Arrivals.CONSTANT),
                seconds=0.5,
                timeout_seconds=0.3,
                connections=KEPT,
            )
        )
    assert result.samples.kinds() == {Kind.TIMEOUT: 50}


def test_a_server_that_accepts_nothing_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        result = load(f"http://127.0.0.1:{listener.getsockname()[1]}", clients=8, requests=8, timeout_seconds=0.2)
    assert result.samples.kinds() == {Kind.TIMEOUT: 8}


@pytest.mark.parametrize("loop", [ClosedLoop(clients=4), OpenLoop(rate_per_second=200)], ids=["closed", "open"])
def test_a_closed_port_is_refused_and_not_asked_without_rest(loop: ClosedLoop | OpenLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    result = run_load(LoadSpec(url=url, loop=loop, seconds=0.3))
    assert set(result.samples.kinds()) == {Kind.REFUSED}
    # Each of the four clients rests for 10 ms after each: 31 times at most in 0.3 s.
    assert len(result.samples) == result.started <= (124 if isinstance(loop, ClosedLoop) else result.started)


def test_a_kept_alive_connection_that_the_server_closed_is_replaced_and_the_request_sent_again() -> None:
    def answer_twice(_number: int, client: socket.socket, _over: threading.Event) -> None:
        for _ in range(2):
            if servers.read_request(client):
                client.sendall(OK)

    with serving(answer_twice) as url:
        result = load(url, clients=2, requests=40, connections=KEPT)
    assert result.samples.kinds() == {Kind.ANSWERED: 40}
    assert result.dropped_connections >= 18


def test_a_post_is_not_sent_twice() -> None:
    def answer_once(_number: int, client: socket.socket, _over: threading.Event) -> None:
        servers.read_request(client)
        client.sendall(OK)
        servers.read_request(client)

    with serving(answer_once) as url:
        result = load(url, clients=1, requests=10, connections=KEPT, request=LoadRequest(method="POST", body=b"x"))
    assert result.samples.kinds() == {Kind.ANSWERED: 5, Kind.RESET: 5}


def test_idle_connections_that_the_server_closes_are_put_away() -> None:
    with serving(servers.answering(OK)) as url:  # says it keeps the connection, and closes it
        result = run_load(
            LoadSpec(
                url=url,
                loop=OpenLoop(rate_per_second=50, arrivals=Arrivals.CONSTANT),
                seconds=0.6,
                connections=KEPT,
            )
        )
    assert result.samples.kinds() == {Kind.ANSWERED: 30}
    assert result.dropped_connections >= 29


@pytest.mark.parametrize("connections", list(Connections))
def test_a_large_body_is_sent_whole(connections: Connections) -> None:
    sizes: list[int] = []

    def measure(_number: int, client: socket.socket, _over: threading.Event) -> None:
        while request := servers.read_request(client):
            sizes.append(len(request.partition(b"\r\n\r\n")[2]))
            client.sendall(OK)

    body = bytes(5_000_000)
    with serving(measure) as url:
        result = load(url, clients=2, requests=6, connections=connections, request=LoadRequest(method="PUT", body=body))
    assert result.samples.kinds() == {Kind.ANSWERED: 6}
    assert sizes == [len(body)] * 6


def test_a_server_that_refuses_a_large_body_does_not_hang_the_engine() -> None:
    def refuse(_number: int, client: socket.socket, _over: threading.Event) -> None:
        client.recv(1000)
        client.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with serving(refuse) as url:
        result = load(url, requests=6, request=LoadRequest(method="POST", body=bytes(5_000_000)))
    # The reset that follows may reach the client before it has read the answer.
    assert set(result.samples.kinds()) <= {Kind.CLIENT_ERROR, Kind.RESET}
    assert len(result.samples) == 6


def test_the_answer_to_head_has_no_body() -> None:
    with serving(servers.answering_always(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")) as url:
        result = load(url, connections=KEPT, request=LoadRequest(method="HEAD"))
    assert result.samples.kinds() == {Kind.ANSWERED: 20}


def test_an_answer_that_differs_from_the_last_is_read_anew() -> None:
    statuses = (b"200 OK", b"200 OK", b"500 No", b"404 No")

    def answer(number: int, client: socket.socket, _over: threading.Event) -> None:
        servers.read_request(client)
        client.sendall(b"HTTP/1.1 " + statuses[number % 4] + b"\r\nContent-Length: 0\r\n\r\n")

    with serving(answer) as url:
        result = load(url, requests=40)
    assert result.samples.statuses() == {200: 20, 500: 10, 404: 10}
    assert result.samples.kinds() == {Kind.ANSWERED: 20, Kind.SERVER_ERROR: 10, Kind.CLIENT_ERROR: 10}


@pytest.mark.parametrize("connections", list(Connections))
@pytest.mark.parametrize("seed", [1, 2])
def test_a_server_that_does_anything_neither_hangs_nor_breaks_the_engine(seed: int, connections: Connections) -> None:
    chance = random.Random(seed)
    plan = [[chance.random() for _ in range(4)] for _ in range(2000)]

    def do_anything(number: int, client: socket.socket, over: threading.Event) -> None:
        for share in plan[number % len(plan)]:
            if not servers.read_request(client):
                return
            answer = OK if share < 0.5 else b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
            if share > 0.98:
                over.wait(0.4)
            elif share > 0.95:
                servers.reset(client)
                return
            if share > 0.8:  # broken off anywhere, or followed by what nobody asked for
                client.sendall((answer + b"garbage")[: int(share * 1000) % (len(answer) + 7)])
                return
            client.sendall(answer)

    with serving(do_anything) as url:
        result = load(url, clients=8, requests=800, connections=connections, timeout_seconds=0.3)
    assert sum(result.samples.kinds().values()) == result.started == 800
    assert {Kind.ANSWERED, Kind.SHORT, Kind.RESET} <= set(result.samples.kinds())
    assert Kind.LOCAL not in result.samples.kinds()
