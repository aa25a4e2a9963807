"""A profile starts no more workers at once than there is memory for, and says so."""

from __future__ import annotations

import pytest

from advisor.load.spec import LoadRequest
from advisor.measure.profile import profile as room
from advisor.measure.profile.profile import profile_app
from advisor.measure.server_spec import ServerSpec
from advisor.units import MIB


def test_without_memory_for_two_workers_one_is_measured_alone_and_the_rest_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "_usable_bytes", lambda: 60 * MIB)
    said: list[str] = []
    found = profile_app(ServerSpec(), (LoadRequest(path="/cpu?ms=1"),), wsgi=True, seconds=1.0, progress=said.append)
    assert found.memory.workers == 1
    assert found.cost.memory.worker_bytes > 5 * MIB
    for fact in (found.threads, found.memory.thread_bytes, found.memory.preload_saves_bytes):
        assert fact.value is None
        assert "60 MiB may be used" in fact.source
    assert not any("2 workers" in line or "threads" in line for line in said)
    assert not any("Threads do not work" in note for note in found.notes)
