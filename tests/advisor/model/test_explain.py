"""The ceilings in words."""

from __future__ import annotations

from advisor.model.explain import explain
from advisor.model.predict import predict
from advisor.model.prediction import Demand
from advisor.model.shape import DEFAULT_WORKER_CONNECTIONS, limited, sync
from tests.advisor.model.costs import COMPUTING, MIXED, WAITING, make_app

TWO_CPUS = Demand(cpus=2, clients=64)


def explained(app, shape, demand=TWO_CPUS):
    return explain(predict(app, shape, demand))


def test_slots_of_sync_workers_are_lifted_by_workers():
    assert explained(MIXED, sync(1)) == (
        "The slots: 1 request at most is in handlers; "
        "more workers would lift it, up to the 541 requests/s that the cores allow."
    )


def test_slots_of_threads_are_lifted_by_either():
    assert "4 requests at most are in handlers; more workers or threads would lift it" in explained(
        WAITING, limited(2, 2)
    )


def test_the_gil_is_lifted_by_workers():
    assert explained(COMPUTING, limited(1, 8)).startswith(
        "The GIL: one process computes for one request at a time; more workers would lift it"
    )


def test_the_cores_are_lifted_by_cpus_alone():
    assert explained(COMPUTING, sync(8)) == (
        "The cores: all CPUs are busy; only more CPUs, or less computing for each request, would lift it."
    )


def test_a_ceiling_that_others_would_soon_replace_is_not_named():
    """2 processes on 2 CPUs: a third would have no core."""
    assert explained(COMPUTING, limited(2, 16)).startswith("The cores: all CPUs are busy")


def test_clients_that_ask_for_no_more_are_said():
    assert explained(WAITING, limited(4, 16), Demand(cpus=2, clients=2)).startswith(
        "The clients: they ask for no more; no other configuration serves more."
    )


def test_a_shape_well_below_its_ceiling_says_why():
    varying = make_app(cpu_ms=3, wait_ms=12, exponential=True)

    assert explained(varying, limited(1, 5)).endswith(
        "Requests that compute at the same time wait for each other, so it is not reached."
    )


def test_workers_that_take_more_than_they_serve_are_blamed():
    shape = limited(4, 4)
    uneven = type(shape)(
        worker_class=shape.worker_class,
        workers=4,
        threads=4,
        worker_connections=DEFAULT_WORKER_CONNECTIONS,
        keepalive=2,
    )

    assert explained(WAITING, uneven, Demand(cpus=2, clients=16)).endswith(
        "Workers take connections that others have a free slot for, so some slots idle."
    )
