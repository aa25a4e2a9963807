"""Turns what was typed for ``tune`` into what is to be tuned: the app, the limits, the space, the user's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from advisor.cli.app_input import AppInput
from advisor.cli.tune_notes import GEVENT, against_the_rule, with_notes
from advisor.cli.tune_present import against_present
from advisor.host.host import Host
from advisor.load.spec import ClosedLoop, Connections
from advisor.measure.bench.demand import demand_of
from advisor.measure.bench.pinning import own_cpus, plan_pinning
from advisor.measure.bench.trial import Candidate, TrialPlan
from advisor.measure.profile.asgi_worker import asgi_worker_class
from advisor.measure.profile.ask_app import has_module
from advisor.measure.server_spec import ServerSpec
from advisor.measure.statistics.thresholds import Quantity, parse_threshold
from advisor.measure.tune.ledger import Contender
from advisor.measure.tune.option import Forecast, Option
from advisor.measure.tune.result import PRESENT, Subject
from advisor.measure.tune.slo import LatencyLimit, predicted_rate
from advisor.measure.tune.space import Limits, rule, space
from advisor.measure.tune.timing import plans
from advisor.measure.tune.tune import Question
from advisor.model.predict import predict
from advisor.model.prediction import Prediction
from advisor.model.shape import Shape
from advisor.sizing.recommend import release_of
from advisor.units import parse_seconds, show_duration
from advisor.workload.cost import AppCost
from gunicorn_conf.errors import BadInput

# Ten seconds hold a run or two; above an hour another tool is wanted.
LEAST_BUDGET_SECONDS, MOST_BUDGET_SECONDS = 20.0, 3600.0
DEFAULT_BUDGET_SECONDS = 60.0
# Open loops of some seconds each: in a minute there would be no more than three steps.
DEFAULT_SLO_BUDGET_SECONDS = 120.0
# Gunicorn reads it unasked in the directory where it starts (config.py, get_default_config_file).
_USUAL_CONFIG = "gunicorn.conf.py"
# The tail of a short profile may be chance; its middle is not.
_SURE_PERCENT = 50.0
_SLO_HINT = "write it like 'p99<300ms' or 'p95<0.2s', in quotes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The user's own configuration: the file whose other settings all runs have, and arguments of it alone."""

    config: Path | None
    arguments: tuple[str, ...]
    shown: str


def read_budget(text: str | None, saved: float | None, *, slo: bool) -> float:
    """The budget in seconds: what was typed, else that of the tuning that goes on, else the default.

    Raises BadInput when it is out of bounds.
    """
    if text is None:
        return saved or (DEFAULT_SLO_BUDGET_SECONDS if slo else DEFAULT_BUDGET_SECONDS)
    seconds = parse_seconds(text)
    if not LEAST_BUDGET_SECONDS <= seconds <= MOST_BUDGET_SECONDS:
        raise BadInput(
            f"--budget {text} is not a time to tune in",
            why=f"it is {LEAST_BUDGET_SECONDS:g} s to {MOST_BUDGET_SECONDS:g} s",
            hint=f"{DEFAULT_BUDGET_SECONDS:g}s do for most apps; more time gives narrower intervals",
        )
    return seconds


def read_slo(text: str | None) -> LatencyLimit | None:
    """The limit of latency. Raises BadInput when it is none."""
    if text is None:
        return None
    threshold = parse_threshold(text)
    if threshold.quantity is not Quantity.LATENCY or threshold.percent is None:
        raise BadInput(
            f"--slo {text!r} is no limit that a rate can be found for",
            why="it takes a percentile of the response time",
            hint=_SLO_HINT,
        )
    return LatencyLimit(percent=threshold.percent, seconds=threshold.limit, text=threshold.text)


def read_present(app: AppInput, config: Path | None, current: str | None) -> Present | None:
    """The user's own configuration, as far as there is one. Raises BadInput when it cannot be read."""
    import shlex

    if config is not None and not config.is_file():
        raise BadInput(f"{config} is not a file", why="--config names a configuration", hint="check the path")
    try:
        arguments = tuple(shlex.split(current or ""))
    except ValueError as error:
        raise BadInput(
            f"--current {current!r} cannot be taken apart",
            why=f"as a shell would read it: {error}",
            hint="close the inner quotes",
        ) from error
    found = config
    if config is None and app.server.chdir is not None and (app.server.chdir / _USUAL_CONFIG).is_file():
        found = app.server.chdir / _USUAL_CONFIG
    if found is None and not arguments:
        return None
    shown = " ".join([*([str(found)] if found is not None else []), *arguments])
    return Present(config=config, arguments=arguments, shown=shown)


def check_reachable(limit: LatencyLimit | None, cost: AppCost) -> None:
    """Raise BadInput when no rate can hold the limit: requests are later than that with nothing else to do."""
    if limit is None:
        return
    times = cost.request.quantiles_seconds
    percent = min(limit.percent, _SURE_PERCENT)
    alone = times[int(percent / 100 * (len(times) - 1))]
    if alone > limit.seconds:
        raise BadInput(
            f"no rate can hold {limit.text}",
            why=f"{100 - percent:g} % of the requests take {show_duration(round(alone, 4))} or more, one at a time",
            hint="raise the limit, or make the request faster: no configuration does",
        )


def event_loops(app: AppInput, *, allow_gevent: bool) -> tuple[str, ...]:
    """The worker classes with an event loop that may be tried. Raises BadInput when one is needed and missing."""
    if app.is_asgi:
        if allow_gevent:
            raise BadInput(
                "--allow-gevent does not go with an ASGI app",
                why="gevent serves WSGI apps alone",
                hint="leave it out",
            )
        return (asgi_worker_class(app.server.python),)
    if not allow_gevent:
        return ()
    if not has_module(app.server.python, GEVENT):
        raise BadInput(
            "gevent cannot be tried",
            why=f"{app.server.python} does not have it",
            hint="install gevent there, or leave --allow-gevent out",
        )
    return (GEVENT,)


def subject_of(
    app: AppInput,
    host: Host,
    limits: Limits,
    *,
    present: Present | None,
    limit: LatencyLimit | None,
    loops: tuple[str, ...],
) -> Subject:
    """What is tuned, where, and within which limits."""
    return Subject(
        app=app.target,
        directory=None if app.server.chdir is None else str(app.server.chdir),
        python=app.server.python,
        gunicorn=str(release_of(host)),
        cpus=limits.cpus,
        memory_bytes=limits.memory_bytes,
        requests=tuple(
            ("" if request.method == "GET" else f"{request.method} ")
            + request.path
            + ("" if request.weight == 1 else f" ({request.weight:g})")
            for request in app.requests
        ),
        clients=limits.clients,
        kept_alive=limits.kept_alive,
        max_workers=limits.max_workers,
        max_threads=limits.max_threads,
        max_db_connections=limits.db_connections,
        event_loops=loops,
        config=None if present is None or present.config is None else str(present.config),
        present=None if present is None else present.shown,
        slo=None if limit is None else limit.text,
    )


def make_question(
    app: AppInput,
    host: Host,
    cost: AppCost,
    limits: Limits,
    *,
    present: Present | None,
    limit: LatencyLimit | None,
    loops: tuple[str, ...],
    timeout_seconds: float,
    budget_seconds: float,
    threads_fail: str | None = None,
) -> Question:
    """The whole question. Raises DoesNotFit when no configuration is within the limits."""
    release = release_of(host)
    demand = demand_of(
        cost.request,
        cpus=limits.cpus,
        clients=limits.clients,
        kept_alive=limits.kept_alive,
        pinning=plan_pinning(own_cpus(), 1),
    )

    def predicted(shape: Shape) -> Prediction:
        return predict(cost, shape, demand)

    def target(shape: Shape, prediction: Prediction) -> float:
        throughput = prediction.throughput.per_second
        if limit is None:
            return throughput
        return predicted_rate(
            throughput, limit, lambda rate: predict(cost, shape, replace(demand, rate_per_second=rate))
        )

    found = space(
        limits, cost.memory, release, predict=predicted, target=target, wsgi=not app.is_asgi, event_loops=loops
    )
    base = app.server if present is None or present.config is None else replace(app.server, config=present.config)

    def contender(forecast: Forecast) -> Contender:
        arguments = forecast.option.arguments()
        return Contender(
            candidate=Candidate(name=forecast.option.name, server=replace(base, arguments=arguments)),
            option=forecast.option,
            predicted_per_second=forecast.predicted_per_second,
        )

    def of_option(option: Option) -> Contender:
        known = found.find(option.name)
        if known is not None:
            return contender(known)
        prediction = predicted(option.shape)
        return contender(
            Forecast(
                option=option,
                per_second=prediction.throughput.per_second,
                target_per_second=target(option.shape, prediction),
                memory_bytes=prediction.memory_bytes,
            )
        )

    own, against_own = None, None
    if present is not None:
        server = replace(base, arguments=(*_class_of_asgi(app, base, present, loops), *present.arguments))
        against_own = against_present(server, cost.memory, memory_bytes=limits.memory_bytes, release=release)
        if against_own is None:
            own = Contender(candidate=Candidate(name=PRESENT, server=server), option=None, predicted_per_second=None)
        else:
            against_own = f"your present configuration, {present.shown}, is left out: {against_own}"
    plan = TrialPlan(
        requests=app.requests,
        loop=ClosedLoop(clients=limits.clients),
        connections=Connections.KEPT_ALIVE if limits.kept_alive else Connections.NEW,
        timeout_seconds=timeout_seconds,
    )
    against_rule = against_the_rule(app, cost, limits)
    search_plan, confirm_plan = plans(plan, cost.request.service_seconds, budget_seconds)
    return Question(
        space=with_notes(
            found, app, loops, limits, against_rule=against_rule, against_own=against_own, threads_fail=threads_fail
        ),
        search_plan=search_plan,
        confirm_plan=confirm_plan,
        contender=contender,
        rule=None if against_rule is not None else of_option(rule(limits.cpus)),
        present=own,
        limit=limit,
    )


def _class_of_asgi(app: AppInput, base: ServerSpec, present: Present, loops: tuple[str, ...]) -> tuple[str, ...]:
    """The worker class of an ASGI app for a present configuration that names none: Gunicorn's default serves WSGI."""
    config = base.directory / _USUAL_CONFIG if base.config is None else base.config
    try:
        text = config.read_text(encoding="utf-8", errors="replace")
    except OSError:  # there is none, or Gunicorn will say why it cannot be read
        text = ""
    named = "worker_class" in text or any(
        argument.startswith(("-k", "--worker-class", "--worker_class")) for argument in present.arguments
    )
    return ("--worker-class", loops[0]) if app.is_asgi and not named else ()
