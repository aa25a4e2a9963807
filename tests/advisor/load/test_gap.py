"""A closed loop with a least gap between requests: the ceiling of rate on other machines."""

from __future__ import annotations

import pytest

from advisor.load import address, generator
from advisor.load.run import run_load
from advisor.load.samples import Kind
from advisor.load.spec import ClosedLoop, Connections, LoadSpec
from gunicorn_conf.errors import BadInput
from tests.advisor.load import servers
from tests.advisor.load.servers import OK, serving

GAP_SECONDS = 0.02
RUN_SECONDS = 0.4


@pytest.mark.parametrize("connections", list(Connections))
def test_requests_of_all_clients_together_keep_the_gap(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator, "least_gap_seconds", lambda _: GAP_SECONDS)
    with serving(servers.answering_always(OK)) as url:
        spec = LoadSpec(url=url, loop=ClosedLoop(clients=8), seconds=RUN_SECONDS, connections=connections)
        result = run_load(spec)
    assert 2 <= result.started <= RUN_SECONDS / GAP_SECONDS
    assert result.samples.kinds() == {Kind.ANSWERED: result.started}


def test_clients_that_cannot_connect_keep_the_gap_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "least_gap_seconds", lambda _: GAP_SECONDS)
    result = run_load(LoadSpec(url="http://127.0.0.1:1", loop=ClosedLoop(clients=8), seconds=RUN_SECONDS))
    assert 2 <= result.started <= RUN_SECONDS / GAP_SECONDS


def test_a_host_that_was_allowed_is_sent_load_at_any_address(monkeypatch: pytest.MonkeyPatch) -> None:
    really = address.socket.getaddrinfo

    def here(_host: str, port: int, *rest: int, **options: int) -> object:
        return really("127.0.0.1", port, *rest, **options)

    monkeypatch.setattr(address.socket, "getaddrinfo", here)
    with serving(servers.answering_always(OK)) as url:
        named = url.replace("127.0.0.1", "staging.example")
        loop = ClosedLoop(clients=2)
        result = run_load(LoadSpec(url=named, allowed_host="staging.example", loop=loop, seconds=5, most_requests=6))
    assert result.samples.kinds() == {Kind.ANSWERED: 6}


def test_a_host_that_cannot_be_found_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise address.socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(address.socket, "getaddrinfo", unknown)
    spec = LoadSpec(url="http://no.example", allowed_host="no.example", loop=ClosedLoop(clients=1), seconds=1)
    with pytest.raises(BadInput, match=r"no\.example cannot be found") as raised:
        run_load(spec)
    assert raised.value.why == "Name or service not known"
