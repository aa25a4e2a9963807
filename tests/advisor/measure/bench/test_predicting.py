"""A trial is predicted from a profile before its load is sent, or it is said why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.facts import Fact, Origin
from advisor.load.spec import Connections, LoadRequest, OpenLoop
from advisor.measure.bench.demand import GENERATOR_CPU_SECONDS, GENERATOR_KEPT_ALIVE_CPU_SECONDS, demand_of
from advisor.measure.bench.pinning import Pinning
from advisor.measure.bench.predicting import predictor
from advisor.measure.bench.trial import TrialPlan
from advisor.measure.server_events import ServerSettings
from advisor.model.predict import predict
from advisor.model.shape import limited, sync
from advisor.workload.profile import Endpoint, Profile
from tests.advisor.measure.bench.trials import CLOSED, OPEN
from tests.advisor.measure.timelines import settings
from tests.advisor.model.costs import MIXED

_PATH = CLOSED.requests[0].path
_MEASURED = Fact(value=4.0, source="measured, profile.json", origin=Origin.FILE)
PROFILE = Profile(
    app="sample_app:app",
    response_time_seconds=_MEASURED,
    wait_ratio=_MEASURED,
    worker_memory_bytes=_MEASURED.map(int),
    cost=MIXED,
    endpoints=(Endpoint(method="GET", path=_PATH, weight=1.0),),
)
CPUS = Fact(value=2.0, source="given")
THREADS = settings(workers=2, threads=16, worker_class="gthread", worker_connections=16, keepalive=0)


def _demand(**changes):  # type: ignore[no-untyped-def]
    return demand_of(MIXED.request, **{"cpus": 2.0, "clients": 64, "kept_alive": False, "pinning": Pinning()} | changes)


@pytest.mark.parametrize(
    ("of", "shape"), [(THREADS, limited(2, 16)), (settings(workers=3, worker_connections=1000), sync(3))]
)
def test_the_settings_in_effect_and_the_load_are_what_is_predicted(of: ServerSettings, shape: object) -> None:
    found = predictor(PROFILE, cpus=CPUS)(of, CLOSED, Pinning()).value
    assert found is not None
    expected = predict(MIXED, found.shape, _demand())
    assert (found.throughput, found.memory_bytes, found.latency) == (
        expected.throughput,
        expected.memory_bytes,
        None,
    )
    assert (found.shape.workers, found.shape.slots, found.shape.takes_only_what_it_serves) == (
        shape.workers,  # type: ignore[attr-defined]
        shape.slots,  # type: ignore[attr-defined]
        True,
    )


def test_an_open_loop_has_a_latency_and_clients_are_no_limit() -> None:
    found = predictor(PROFILE, cpus=CPUS)(THREADS, OPEN, Pinning()).value
    assert found is not None
    assert found.latency is not None
    assert found.latency.p99_seconds > MIXED.request.service_seconds
    assert found.throughput.binding.value == "cores"


def test_a_rate_beyond_what_is_predicted_has_no_latency() -> None:
    plan = replace(OPEN, loop=OpenLoop(rate_per_second=5000))
    found = predictor(PROFILE, cpus=CPUS)(THREADS, plan, Pinning()).value
    assert found is not None
    assert found.latency is None


def test_a_generator_on_the_same_cpus_takes_its_part_and_the_source_says_so() -> None:
    made = predictor(PROFILE, cpus=CPUS)(THREADS, CLOSED, Pinning())
    assert made.source == "measured, profile.json; 2 CPUs, of which the load generator takes 100 µs a request"
    assert _demand().generator_cpu_seconds == pytest.approx(GENERATOR_CPU_SECONDS, rel=0.01)
    kept = _demand(kept_alive=True).generator_cpu_seconds
    assert kept == pytest.approx(GENERATOR_KEPT_ALIVE_CPU_SECONDS, rel=0.01)


def test_a_pinned_generator_takes_none_of_the_servers_cpus() -> None:
    pinning = Pinning(server=(0, 1, 2), generators=(3,))
    made = predictor(PROFILE, cpus=Fact(value=4.0, source="given"))(THREADS, CLOSED, pinning)
    assert made.source == "measured, profile.json; 3 CPUs, and the load generator has its own"
    demand = _demand(cpus=4.0, pinning=pinning)
    assert (demand.cpus, demand.generator_cpu_seconds) == (3, 0.0)


def test_a_quota_below_the_servers_cpus_is_shared_with_the_generator_all_the_same() -> None:
    demand = _demand(cpus=1.5, pinning=Pinning(server=(0, 1, 2), generators=(3,)))
    assert demand.cpus == 1.5
    assert demand.generator_cpu_seconds > 0


def test_kept_alive_connections_are_predicted_as_such() -> None:
    default = settings(workers=4, threads=4, worker_class="gthread")
    ask = predictor(PROFILE, cpus=CPUS)
    new = ask(default, CLOSED, Pinning()).value
    kept = ask(default, replace(CLOSED, connections=Connections.KEPT_ALIVE), Pinning()).value
    assert new is not None
    assert kept is not None
    assert new.throughput.per_second != kept.throughput.per_second


@pytest.mark.parametrize(("weights", "others"), [((3.0, 1.0), (0.75, 0.25)), ((0.3, 0.1), (30, 10))])
def test_shares_count_and_not_how_weights_are_written(weights: tuple[float, ...], others: tuple[float, ...]) -> None:
    profile = replace(
        PROFILE,
        endpoints=tuple(
            Endpoint(method="GET", path=path, weight=weight) for path, weight in zip(("/a", "/b"), weights, strict=True)
        ),
    )
    requests = tuple(LoadRequest(path=path, weight=weight) for path, weight in zip(("/a", "/b"), others, strict=True))
    assert predictor(profile, cpus=CPUS)(THREADS, replace(CLOSED, requests=requests), Pinning()).known
    turned = replace(CLOSED, requests=(replace(requests[0], weight=1), replace(requests[1], weight=1)))
    made = predictor(profile, cpus=CPUS)(THREADS, turned, Pinning())
    assert made.source == (
        "the profile is of GET /a (75 %), GET /b (25 %), and GET /a (50 %), GET /b (50 %) is measured"
    )


_OTHER_PATH = replace(CLOSED, requests=(LoadRequest(path="/other"),))
_POST = replace(CLOSED, requests=(LoadRequest(path=_PATH, method="POST"),))


@pytest.mark.parametrize(
    ("profile", "cpus", "of", "plan", "why"),
    [
        (PROFILE, CPUS, THREADS, _OTHER_PATH, f"the profile is of GET {_PATH}, and GET /other is measured"),
        (PROFILE, CPUS, THREADS, _POST, f"the profile is of GET {_PATH}, and POST {_PATH} is measured"),
        (replace(PROFILE, endpoints=()), CPUS, THREADS, CLOSED, "the profile does not say what was requested"),
        (replace(PROFILE, cost=None), CPUS, THREADS, CLOSED, "the profile does not have the cost of a request"),
        (replace(PROFILE, cost=None, is_asgi=True), CPUS, THREADS, CLOSED, "the model knows nothing of ASGI apps"),
        (PROFILE, CPUS, replace(THREADS, app="shop:app"), CLOSED, "is of sample_app:app, and shop:app is measured"),
        (PROFILE, CPUS, replace(THREADS, worker_class="gevent"), CLOSED, "the model knows nothing of gevent workers"),
        (PROFILE, Fact.unknown("no /proc"), THREADS, CLOSED, "the CPU budget is not known: no /proc"),
        (PROFILE, CPUS, None, CLOSED, "a server that already runs does not tell its configuration"),
    ],
)
def test_what_the_model_cannot_say_is_unknown_with_its_reason(
    profile: Profile, cpus: Fact[float], of: ServerSettings | None, plan: TrialPlan, why: str
) -> None:
    made = predictor(profile, cpus=cpus)(of, plan, Pinning())
    assert made.value is None
    assert why in made.source


def test_an_app_without_its_variable_is_the_same_app() -> None:
    profile = replace(PROFILE, app="shop:application")
    assert predictor(profile, cpus=CPUS)(replace(THREADS, app="shop"), CLOSED, Pinning()).known
