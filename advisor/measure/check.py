"""Measures how many requests are served at once: starts the server, sends the requests, judges what came of them."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping, Sequence

from advisor.measure.burst import Answer, send_at_once
from advisor.measure.concurrency import ConcurrencyResult, analyse, promised_by
from advisor.measure.interruption import ending_in_order
from advisor.measure.limits import check_count
from advisor.measure.server import RunningServer, running_server
from advisor.measure.server_events import HandlerTimes
from advisor.measure.server_spec import SAMPLE_APP, ServerSpec
from advisor.measure.timeline import RequestTimes
from advisor.units import count
from gunicorn_conf.errors import BadInput, ServerFailed

# Long enough to see the waves with the eye, and the handler of the documented experiments.
WAITING_PATH = "/io?seconds=2"
# The workers' last reports arrive within milliseconds of the answers.
_REPORTS_SECONDS = 1.0
# How long the rest of a server that died takes to follow.
_END_SECONDS = 1.0


def check_concurrency(
    spec: ServerSpec,
    *,
    path: str | None,
    requests: int,
    timeout_seconds: float,
    name: str,
    progress: Callable[[str], None],
) -> ConcurrencyResult:
    """Start a server, send ``requests`` requests for ``path`` at the same moment, end the server, and judge.

    Without a ``path``, the sample app is asked to wait, and any other app for its root. ``progress`` gets one line a
    phase. Raises BadInput for a path or a number that cannot be used, and ServerFailed
    when the server does not start, or dies.
    """
    if path is not None:
        check_path(path)
    check_count(requests)
    with ending_in_order():
        progress(f"{name}: starting Gunicorn")
        with running_server(spec) as server:
            return _check(server, path, requests, timeout_seconds, name, progress)


def _check(
    server: RunningServer,
    path: str | None,
    requests: int,
    timeout_seconds: float,
    name: str,
    progress: Callable[[str], None],
) -> ConcurrencyResult:
    settings = server.settings
    path = path or (WAITING_PATH if settings.app == SAMPLE_APP else "/")
    progress(f"{name}: {count(settings.workers, 'worker')} ready, sending {count(requests, 'request')}")
    ready_workers = server.worker_pids
    ended_before = len(server.exited_workers)
    answers = send_at_once(server.url + path, requests, timeout_seconds=timeout_seconds)
    _fail_if_dead(server, answers)
    all_answered = all(answer.error is None for answer in answers)
    handlers = server.handler_times(requests, timeout_seconds=_REPORTS_SECONDS if all_answered else 0.0)
    return analyse(
        joined(answers, handlers),
        name=name,
        path=path,
        settings=settings,
        promised=promised_by(settings),
        workers=ready_workers,
        exited_workers=server.exited_workers[ended_before:],
        log=server.log(),
    )


def check_url(
    url: str,
    *,
    requests: int,
    timeout_seconds: float,
    promised: int | None,
    verify_certificate: bool,
    progress: Callable[[str], None],
) -> ConcurrencyResult:
    """Send requests at the same moment to a server that already runs; what its handlers do is estimated."""
    check_count(requests)
    progress(f"sending {count(requests, 'request')} to {url}")
    with ending_in_order():
        answers = send_at_once(url, requests, timeout_seconds=timeout_seconds, verify_certificate=verify_certificate)
    if all(answer.error in ("refused", "connection") for answer in answers):
        raise ServerFailed(
            f"nothing answers at {url}",
            why=f"every connection was {'refused' if answers[0].error == 'refused' else 'broken'}",
            hint="check the address, and that the server runs",
        )
    return analyse(joined(answers, {}), name=url, path=url, settings=None, promised=promised)


def joined(answers: Sequence[Answer], handlers: Mapping[int, HandlerTimes]) -> list[RequestTimes]:
    """The two sides of each request as one; times count from when the first was sent."""
    origin = min(answer.sent_seconds for answer in answers)
    timeline = []
    for answer in answers:
        handler = handlers.get(answer.number)
        finished = None if handler is None else handler.finished_seconds
        timeline.append(
            RequestTimes(
                number=answer.number,
                sent_seconds=answer.sent_seconds - origin,
                answered_seconds=answer.answered_seconds - origin,
                started_seconds=None if handler is None else max(handler.started_seconds - origin, 0.0),
                finished_seconds=None if finished is None else finished - origin,
                worker=None if handler is None else handler.worker,
                status=answer.status,
                error=answer.error,
            )
        )
    return timeline


def check_path(path: str) -> None:
    """Raise BadInput when this is not a path with an optional query."""
    parts = urllib.parse.urlsplit(path)
    if not path.startswith("/") or parts.netloc or parts.fragment or any(letter.isspace() for letter in path):
        raise BadInput(
            f"{path!r} is not a path",
            why="a path begins with a slash and has no spaces",
            hint="write it as /io?seconds=2",
        )


def _fail_if_dead(server: RunningServer, answers: Sequence[Answer]) -> None:
    # Connections break a moment before the last process is gone.
    broken = all(answer.error in ("refused", "connection") for answer in answers)
    if broken and server.ends_within(_END_SECONDS):
        raise ServerFailed(
            "Gunicorn died while it served the requests",
            why="no process of it is left",
            hint="look at its log below",
            log=server.log(),
        )
