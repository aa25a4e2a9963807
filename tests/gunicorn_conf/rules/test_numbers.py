"""The bounds of numbers that depend on the machine, on conditions, or on nothing."""

from __future__ import annotations

import pytest

from gunicorn_conf.config import Assigned, Config
from gunicorn_conf.place import Place, Source
from gunicorn_conf.release import Release
from gunicorn_conf.rules.numbers import Amount, amount, count, number, whole
from gunicorn_conf.rules.subject import Deployment, Subject
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value

PLACE = Place(path="gunicorn.conf.py")
TWICE_AND_ONE = PerHost(expression="cpu_count() * 2 + 1", at=lambda cpus: cpus * 2 + 1)


def subject(value: Value | None, deployment: Deployment | None = None) -> Subject:
    given = Assigned(
        name="workers", value=value or Known(value=None), source=Source.FILE, place=PLACE, value_place=PLACE, text=""
    )
    config = Config(release=Release(27, 0, 1), assigned=() if value is None else (given,))
    return Subject(release=config.release, release_source="", config=config, deployment=deployment or Deployment())


def test_the_default_counts() -> None:
    assert number(subject(None), "workers") == 1


def test_text_is_read_as_gunicorn_reads_it() -> None:
    assert amount(subject(Known(value="0x10")), "workers") == Amount(16, 16)


@pytest.mark.parametrize(
    "value",
    [None, -1, 2.0, "auto", "08", [], 10**5000, 2**64, "9" * 5000],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_count_is_not_known(value: object) -> None:
    assert whole(value) is None
    assert amount(subject(Known(value=value)), "workers") is None


def test_true_is_one() -> None:
    assert repr(whole(True)) == "1"


def test_one_of_several_is_bounded_by_all() -> None:
    several = OneOf(values=(Known(value=3), Known(value=9), Known(value=5)))
    assert amount(subject(several), "workers") == Amount(3, 9)
    assert number(subject(several), "workers") is None


def test_one_unknown_possibility_leaves_nothing_known() -> None:
    assert amount(subject(OneOf(values=(Known(value=3), Unknown(why="it is read from a file")))), "workers") is None


def test_any_machine_bounds_a_number_that_depends_on_it() -> None:
    assert amount(subject(TWICE_AND_ONE), "workers") == Amount(3, 257)


def test_a_machine_that_is_known_gives_it() -> None:
    assert amount(subject(TWICE_AND_ONE, Deployment(cpus=4.0, container=False)), "workers") == Amount(9, 9)


def test_a_container_sees_at_least_the_cpus_that_it_is_given() -> None:
    assert amount(subject(TWICE_AND_ONE, Deployment(cpus=1.5, container=True)), "workers") == Amount(5, 257)


def test_a_number_that_some_machine_refuses_is_not_known() -> None:
    assert amount(subject(PerHost(expression="cpu_count() - 2", at=lambda cpus: cpus - 2)), "workers") is None


@pytest.mark.parametrize(("amount_", "text"), [(0, "0 workers"), (1, "1 worker"), (1000, "1,000 workers")])
def test_counts_are_written_with_their_noun(amount_: int, text: str) -> None:
    assert count(amount_, "worker") == text
