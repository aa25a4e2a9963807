"""The options that say what load is sent, shared by the measuring commands, and the plan of a trial that they mean."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.load.spec import DEFAULT_TIMEOUT_SECONDS as DEFAULT_TIMEOUT_SECONDS
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from advisor.load.spec import ClosedLoop, LoadRequest, OpenLoop
    from advisor.measure.bench.trial import RunningTarget, TrialPlan

DEFAULT_CLIENTS = 64
DEFAULT_SECONDS = 5.0
DEFAULT_WARM_UP_SECONDS = 2.0
DEFAULT_RESTARTS = 3
# Of the sample app: 3 ms of computing and 12 ms of waiting, as a page that asks a database a few things.
SAMPLE_APP_PATH = "/mixed?ms=3&seconds=0.012"
OTHER_APPS_PATH = "/"

# What a server of gcadvise's own listens on.
_HERE = "http://127.0.0.1"

# A second has the four windows that a drift needs at least; above ten minutes a run looks for leaks, not for speed.
FEWEST_SECONDS, MOST_SECONDS = 1.0, 600.0
MOST_WARM_UP_SECONDS = 600.0
# 50 restarts of the usual length take seven minutes, and half as wide an interval would need four times as many.
MOST_RESTARTS = 50
# A body is sent from memory by every client; larger ones measure the loopback interface.
MOST_BODY_BYTES = 16 * 1024 * 1024
# These carry a body (RFC 9110, section 9.3); with the others its meaning is not defined.
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_REQUEST = re.compile(r"(?:(?P<weight>\d+(?:\.\d+)?)\s+)?(?:(?P<method>[A-Za-z]+)\s+)?(?P<path>/\S*)")
_WEIGHTED_PATH = re.compile(r"(?P<path>/[^?=]*)=(?P<weight>\d+(?:\.\d+)?)")


class ArrivalsName(str, enum.Enum):
    """How the moments of an open loop are spread."""

    poisson = "poisson"
    constant = "constant"


Paths = Annotated[
    list[str] | None,
    typer.Option(
        "--path",
        metavar="PATH[=WEIGHT]",
        help=f"What to request, repeatable; else {SAMPLE_APP_PATH} of the sample app, / of another.",
    ),
]
Requests = Annotated[
    list[str] | None,
    typer.Option(
        "--request",
        metavar="REQUEST",
        help="The same with a weight and a method: '3 POST /orders'; repeatable.",
    ),
]
Headers = Annotated[
    list[str] | None,
    typer.Option("--header", "-H", metavar="'NAME: VALUE'", help="A header of every request; repeatable."),
]
BodyFile = Annotated[
    Path | None, typer.Option("--body-file", metavar="FILE", help="The body of every POST, PUT and PATCH.")
]
Clients = Annotated[
    int | None,
    typer.Option("--clients", help=f"Clients that each wait for their answer (closed loop); {DEFAULT_CLIENTS}."),
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", help="Requests/s, whatever the server does (open loop); instead of --clients."),
]
ArrivalsOption = Annotated[
    ArrivalsName, typer.Option("--arrivals", help="How the requests of --rate are spread in time.")
]
KeepAlive = Annotated[
    bool, typer.Option("--keep-alive", help="Use connections again; else each request has one of its own.")
]
Seconds = Annotated[float, typer.Option("--seconds", help="How long each start of the server is measured.")]
WarmUp = Annotated[
    float, typer.Option("--warm-up", help="Seconds of load that do not count before, at least.", metavar="SECONDS")
]
Restarts = Annotated[int, typer.Option("--restarts", help="How many times the server is started and measured.")]
Timeout = Annotated[
    float, typer.Option("--timeout", help="How long to wait for an answer, in seconds; then it counts as failed.")
]
Generators = Annotated[int, typer.Option("--generators", help="Processes that send the load.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same moments and order of requests.")]


def trial_plan(
    *,
    paths: Sequence[str] | None,
    requests: Sequence[str] | None,
    headers: Sequence[str] | None,
    body_file: Path | None,
    clients: int | None,
    rate: float | None,
    arrivals: ArrivalsName,
    keep_alive: bool,
    seconds: float,
    warm_up: float,
    timeout: float,
    generators: int,
    seed: int,
    default_path: str,
    target: RunningTarget | None = None,
    runs: int = 1,
) -> TrialPlan:
    """The load that the options mean, checked as a whole before anything is started.

    ``target`` is the server when it runs already, and gets the load ``runs`` times. Raises BadInput, or DoesNotFit for
    more clients than the limit of open files lets connect.
    """
    from advisor.load.http_request import wire_request
    from advisor.load.limits import check_foreign_runs, check_open_files, check_spec
    from advisor.load.spec import Connections, LoadSpec
    from advisor.measure.bench.trial import TrialPlan

    _check_times(seconds, warm_up)
    plan = TrialPlan(
        requests=_requests(paths or (), requests or (), headers or (), body_file, default_path),
        loop=_loop(clients, rate, arrivals),
        connections=Connections.KEPT_ALIVE if keep_alive else Connections.NEW,
        seconds=seconds,
        warm_up_seconds=warm_up,
        timeout_seconds=timeout,
        generators=generators,
        seed=seed,
    )
    for request in plan.requests:
        wire_request(request, authority="localhost", connections=plan.connections)
    spec = LoadSpec(
        url=_HERE if target is None else target.url,
        allowed_host=None if target is None else target.allowed_host,
        loop=plan.loop,
        seconds=warm_up + seconds,
        requests=plan.requests,
        connections=plan.connections,
        timeout_seconds=timeout,
        generators=generators,
        seed=seed,
    )
    check_spec(spec)
    check_foreign_runs(spec, runs)
    check_open_files(spec)
    return plan


def check_restarts(restarts: int) -> None:
    """Raise BadInput for a number of restarts that cannot be made."""
    if not 1 <= restarts <= MOST_RESTARTS:
        raise BadInput(
            f"--restarts {restarts:,} is not a number of restarts that can be made",
            why=f"1 to {MOST_RESTARTS} are allowed",
            hint="3 give an interval, 5 to 10 a narrow one",
        )


def _check_times(seconds: float, warm_up: float) -> None:
    if not FEWEST_SECONDS <= seconds <= MOST_SECONDS:
        raise BadInput(
            f"--seconds {seconds:g} is not a time to measure for",
            why=f"it is {FEWEST_SECONDS:g} to {MOST_SECONDS:g} s for each start of the server",
            hint=f"{DEFAULT_SECONDS:g} s are enough for most apps; slow ones take 30",
        )
    if not 0 <= warm_up <= MOST_WARM_UP_SECONDS:
        raise BadInput(
            f"--warm-up {warm_up:g} is not a time to warm up for",
            why=f"it is 0 to {MOST_WARM_UP_SECONDS:g} s",
            hint=f"{DEFAULT_WARM_UP_SECONDS:g} s are usual; what is not steady by then is cut as well",
        )


def _loop(clients: int | None, rate: float | None, arrivals: ArrivalsName) -> ClosedLoop | OpenLoop:
    from advisor.load.spec import Arrivals, ClosedLoop, OpenLoop

    if rate is None:
        if arrivals is not ArrivalsName.poisson:
            raise BadInput(
                "--arrivals goes with --rate alone",
                why="clients that wait for their answers send when it has come",
                hint="add --rate, or leave --arrivals out",
            )
        return ClosedLoop(clients=DEFAULT_CLIENTS if clients is None else clients)
    if clients is not None:
        raise BadInput(
            "--clients and --rate do not go together",
            why="a number of clients finds the capacity, a rate finds the latency below it",
            hint="give one of them; measure twice for both",
        )
    return OpenLoop(rate_per_second=rate, arrivals=Arrivals(arrivals.value))


def _requests(
    paths: Sequence[str], requests: Sequence[str], headers: Sequence[str], body_file: Path | None, default_path: str
) -> tuple[LoadRequest, ...]:
    from advisor.load.spec import LoadRequest

    body = None if body_file is None else _body(body_file)
    named = tuple(_header(header) for header in headers)
    kinds = [_weighted_path(path) for path in paths] + [_request(request) for request in requests]
    made = tuple(
        LoadRequest(
            path=path,
            method=method,
            headers=named,
            body=body if body is not None and method in _WITH_BODY else b"",
            weight=weight,
        )
        for method, path, weight in kinds or [("GET", default_path, 1.0)]
    )
    if body is not None and not any(request.method in _WITH_BODY for request in made):
        raise BadInput(
            "--body-file goes with a request that has a body",
            why="every request is a " + " or a ".join(sorted({request.method for request in made})),
            hint="say which one with --request 'POST /path'",
        )
    return made


def _weighted_path(text: str) -> tuple[str, str, float]:
    """``/orders=3``: the weight stands behind a path without a query, whose own values would look like one."""
    match = _WEIGHTED_PATH.fullmatch(text)
    return ("GET", text, 1.0) if match is None else ("GET", match["path"], float(match["weight"]))


def _request(text: str) -> tuple[str, str, float]:
    match = _REQUEST.fullmatch(text.strip())
    if match is None:
        raise BadInput(
            f"--request {text!r} is not a request",
            why="it is a path, with a method before it, and a weight before that where they are not GET and 1",
            hint="write it as '/search?q=a', 'POST /orders' or '3 POST /orders'",
        )
    return (match["method"] or "GET").upper(), match["path"], float(match["weight"] or 1)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise BadInput(
            f"--header {text!r} is not a header",
            why="there is no colon between a name and a value",
            hint="write it as 'Accept: text/html'",
        )
    return name.strip(), value.strip()


def _body(path: Path) -> bytes:
    try:
        with path.open("rb") as file:  # which may be a pipe, that has no size
            body = file.read(MOST_BODY_BYTES + 1)
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read", why=error.strerror or str(error), hint="check the path of --body-file"
        ) from error
    if len(body) > MOST_BODY_BYTES:
        raise BadInput(
            f"{path} is too large for a body",
            why=f"it has more than the {MOST_BODY_BYTES:,} bytes that are allowed",
            hint="use a smaller one",
        )
    return body
