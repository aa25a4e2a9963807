"""Connections of workers to other services."""

from __future__ import annotations

import os
import socket
from collections import Counter

import psutil
import pytest

from advisor.measure.profile import connections
from advisor.measure.profile.connections import LOOP_SOCKETS, UNIX_SOCKETS, ConnectionWatch, open_connections


def test_a_connection_to_a_service_is_seen_and_one_that_came_in_is_not() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as service,
        socket.create_connection(service.getsockname()[:2]) as ours,
    ):
        taken, _ = service.accept()
        with taken:
            port = service.getsockname()[1]
            found = open_connections(os.getpid(), server_port=port)
            assert found[f"127.0.0.1:{port}"] == 1
            assert f"127.0.0.1:{ours.getsockname()[1]}" not in found


def test_a_process_that_is_gone_is_no_answer() -> None:
    with pytest.raises(psutil.NoSuchProcess):
        open_connections(2**22 + 1, server_port=1)


def watched(monkeypatch: pytest.MonkeyPatch, *looks: Counter[str]) -> ConnectionWatch:
    answers = iter(looks)
    monkeypatch.setattr(connections, "open_connections", lambda worker, server_port: next(answers))
    watch = ConnectionWatch(lambda: (1, 2), 8000)
    for _ in range(len(looks) // 2):
        watch.look()
    return watch


def test_the_most_of_any_worker_counts_and_known_ports_have_names(monkeypatch: pytest.MonkeyPatch) -> None:
    database, other = "10.0.0.5:5432", "[::1]:9999"
    watch = watched(
        monkeypatch, Counter({database: 1}), Counter({database: 4}), Counter({database: 2}), Counter({other: 3})
    )
    found = watch.found().value
    assert found is not None
    assert [(each.place, each.service, each.most_per_worker) for each in found] == [
        (database, "PostgreSQL", 4),
        (other, None, 3),
    ]


def test_an_event_loops_own_sockets_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([Counter({UNIX_SOCKETS: 3}), Counter({UNIX_SOCKETS: 2})])
    monkeypatch.setattr(connections, "open_connections", lambda worker, server_port: next(looks))
    watch = ConnectionWatch(lambda: (1, 2), 8000, LOOP_SOCKETS)
    watch.look()
    assert [each.most_per_worker for each in watch.found().value or ()] == [1]


def test_none_is_told_from_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched(monkeypatch, Counter(), Counter()).found().value == ()
    unseen = watched(monkeypatch).found()
    assert (unseen.value, unseen.source) == (None, "no worker was seen")


def test_sockets_that_may_not_be_read_are_unknown_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(worker: int, server_port: int) -> Counter[str]:
        raise psutil.AccessDenied(worker)

    monkeypatch.setattr(connections, "open_connections", refuse)
    watch = ConnectionWatch(lambda: (1,), 8000)
    watch.look()
    assert watch.found().source == "its sockets cannot be read: AccessDenied"
