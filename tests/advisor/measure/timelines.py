"""Makes timelines up, as a server would have produced them."""

from __future__ import annotations

from advisor.measure.server_events import ServerSettings
from advisor.measure.timeline import RequestTimes


def settings(**changes: object) -> ServerSettings:
    """Gunicorn 27's defaults on the sample app, with changes."""
    values: dict[str, object] = {
        "gunicorn": "27.0.1",
        "python": "3.11.7",
        "app": "sample_app:app",
        "config_file": None,
        "workers": 1,
        "threads": 1,
        "worker_class": "sync",
        "worker_connections": 1000,
        "keepalive": 2,
        "timeout": 30,
        **changes,
    }
    return ServerSettings(**values)  # type: ignore[arg-type]


def served(shares: dict[int, int], *, threads: int, service: float = 1.0, step: float = 0.0) -> list[RequestTimes]:
    """Requests as each worker serves its share, ``threads`` at once, each for ``service`` seconds.

    All are sent at 0; each start is ``step`` later than it could be.
    """
    timeline = []
    for worker, share in shares.items():
        for index in range(share):
            start = (index // threads) * (service + step) + step
            timeline.append(
                RequestTimes(
                    number=len(timeline),
                    sent_seconds=0.0,
                    answered_seconds=start + service,
                    started_seconds=start,
                    finished_seconds=start + service,
                    worker=worker,
                    status=200,
                )
            )
    return timeline
