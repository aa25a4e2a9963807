"""The configurations that are weighed."""

from __future__ import annotations

import pytest

from advisor.model.shape import WorkerClass
from advisor.sizing.by_model.space import shapes, steps
from gunicorn_conf.release import Release


def weighed(**given):
    asked = {
        "cpus": 2.0,
        "clients": 64,
        "knee": 10,
        "release": Release(27),
        "max_threads": 64,
        "exact": (),
        "kept_alive": False,
        "keepalive": 65,
    }
    return list(shapes(**asked | given))


def test_nothing_is_weighed_twice():
    for given in ({}, {"kept_alive": True}, {"release": Release(23)}, {"max_threads": 1}, {"cpus": 64.0}):
        found = weighed(**given)
        assert len(found) == len(set(found))


def test_the_numbers_of_workers_grow_in_steps_and_end_at_the_most():
    assert steps(5) == [1, 2, 3, 4, 5]
    assert steps(40)[-1] == 40
    assert all(later <= 1.25 * earlier for earlier, later in zip(steps(500)[7:], steps(500)[8:], strict=False))
    assert 53 in steps(100, exact=(53,))


def test_gthread_always_has_several_threads():
    assert all(one.threads > 1 for one in weighed() if one.worker_class is WorkerClass.GTHREAD)


def test_without_threads_there_are_workers_for_every_slot_that_can_help():
    assert max(one.workers for one in weighed(max_threads=1)) == 20
    assert max(one.workers for one in weighed(max_threads=1, clients=4)) == 8


def test_many_processes_are_not_weighed_where_threads_give_the_slots():
    assert max(one.workers for one in weighed()) == 8


@pytest.mark.parametrize(("release", "kept_alive", "policies"), [(27, False, {True}), (27, True, {True, False})])
def test_default_connections_are_weighed_for_clients_that_keep_theirs(release, kept_alive, policies):
    found = weighed(release=Release(release), kept_alive=kept_alive)
    assert {one.takes_only_what_it_serves for one in found if one.threads > 1} == policies


def test_before_gunicorn_25_there_is_no_other_policy():
    assert {one.takes_only_what_it_serves for one in weighed(release=Release(24, 1, 1)) if one.threads > 1} == {False}


def test_a_large_host_is_weighed_with_some_hundreds_of_configurations():
    assert 50 <= len(weighed()) <= 300
    assert len(weighed(cpus=64.0, clients=1280, knee=320)) <= 1000
