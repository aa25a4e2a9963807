"""What static evaluation says is what executing the file gives."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gunicorn_conf.read.conf_py import read_conf
from gunicorn_conf.value import Known, OneOf, PerHost, Unknown, Value
from tests.gunicorn_conf.read.programs import SETTINGS, Programs

# Statements that are tried for one file; those that fail are mostly left out, or hardly anything would be compared.
_STATEMENTS = 8
_KEEP_FAILING = 0.03
# A generated loop that appends to what it goes through would never end.
_SECONDS = 1.0


class _TooLong(Exception):
    pass


@contextmanager
def _interrupted() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _executed(text: str, cpus: int) -> tuple[dict[str, object], BaseException | None]:
    """The names that a generated file binds on a machine of so many CPUs, and what it raises."""
    names: dict[str, object] = {"__name__": "__config__"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "cpu_count", lambda: cpus)
        patch.setattr(os, "environ", {"GIVEN": "yes"})
        patch.setattr(os, "getenv", os.environ.get)
        try:
            with _interrupted():
                exec(compile(text, "gunicorn.conf.py", "exec"), names)
        except Exception as error:
            return names, error
    return names, None


def _file(chance: Random) -> str:
    programs = Programs(chance)
    lines = programs.start()
    for _ in range(_STATEMENTS):
        more = programs.statement()
        _, error = _executed("\n".join([*lines, *more, ""]), 2)
        if error is None or (chance.random() < _KEEP_FAILING and not isinstance(error, _TooLong)):
            lines += more
    return "\n".join([*lines, ""])


def _agrees(value: Value, real: object, cpus: int) -> bool:
    match value:
        case Unknown():
            return True
        case OneOf():
            return any(_agrees(one, real, cpus) for one in value.values)
        case PerHost():
            seen = value.at(cpus)
        case Known():
            seen = value.value
    return isinstance(seen, Unknown) or (type(seen) is type(real) and repr(seen) == repr(real))


def _may_be_unset(value: Value) -> bool:
    return isinstance(value, Unknown) or (
        isinstance(value, OneOf) and any(isinstance(one, Unknown) for one in value.values)
    )


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False, note_method_calls=False))
def test_static_evaluation_says_what_execution_gives(chance: Random) -> None:
    text = _file(chance)
    conf, _ = read_conf("gunicorn.conf.py", text, environment={"GIVEN": "yes"})
    assert conf.problem is None
    for cpus in (2, 5):
        real, error = _executed(text, cpus)
        if isinstance(error, _TooLong):
            continue
        assert error is not None or conf.failure is None, text
        if error is not None:
            continue
        for name in SETTINGS:
            seen = conf.name(name)
            if name not in real:
                assert seen is None or _may_be_unset(seen.value), (name, text)
            elif not callable(real[name]):
                assert seen is not None, (name, text)
                assert _agrees(seen.value, real[name], cpus), (name, seen.value, real[name], cpus, text)
