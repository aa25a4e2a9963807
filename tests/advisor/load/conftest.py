"""Both ways of waiting for sockets, so that the fallback is held to the same behaviour."""

from __future__ import annotations

import select

import pytest

from advisor.load import generator
from advisor.load.poller import EpollPoller, SelectorPoller


@pytest.fixture(params=[EpollPoller, SelectorPoller], ids=["epoll", "selectors"])
def _each_poller(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param is EpollPoller and not hasattr(select, "epoll"):
        pytest.skip("this system has no epoll")
    monkeypatch.setattr(generator, "best_poller", request.param)
