"""The written file, as Python and as Gunicorn read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from gunicorn.app.base import Application
from gunicorn.config import Config
from hypothesis import given

from advisor.report.recommend_conf import recommend_conf
from advisor.sizing.plan import Plan
from advisor.sizing.recommend import recommend
from tests.advisor.hosts import make_plan
from tests.advisor.report.plans import PLANS, constraints_of
from tests.advisor.strategies import constraints, hosts, plan_or_none, workloads

# Numbers that differ by less are the same configuration.
TOLERANCE = 0.05


def evaluated(text: str) -> dict[str, object]:
    """What a file sets."""
    names: dict[str, object] = {}
    exec(compile(text, "gunicorn.conf.py", "exec"), names)
    return {name: value for name, value in names.items() if name not in {"__builtins__", "os"}}


def expected(plan: Plan) -> dict[str, object]:
    """What the plan says, as the file sets it here: a directory that does not exist is no directory."""
    settings = {setting.name: setting.value for setting in plan.settings}
    directory = settings.get("worker_tmp_dir")
    here = directory is None or Path(str(directory)).is_dir()
    return settings if here else {**settings, "worker_tmp_dir": None}


@given(hosts, workloads(), constraints)
def test_the_file_sets_exactly_what_the_plan_says(host, workload, limits):
    plan = plan_or_none(host, workload, limits)
    if plan is not None:
        assert evaluated(recommend_conf(plan, limits)) == expected(plan)


@pytest.mark.parametrize("name", PLANS)
def test_web_concurrency_and_port_win(name, monkeypatch):
    text = recommend_conf(PLANS[name], constraints_of(name))
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    monkeypatch.setenv("PORT", "5000")
    changed = evaluated(text)
    assert changed["workers"] == 7
    assert changed["bind"] == str(PLANS[name].value("bind")).rpartition(":")[0] + ":5000"
    assert {**expected(PLANS[name]), "workers": 7, "bind": changed["bind"]} == changed


@pytest.mark.parametrize("name", PLANS)
def test_empty_variables_are_as_good_as_none(name, monkeypatch):
    monkeypatch.setenv("WEB_CONCURRENCY", "")
    monkeypatch.setenv("PORT", "")
    assert evaluated(recommend_conf(PLANS[name], constraints_of(name))) == expected(PLANS[name])


def test_who_changes_the_threads_changes_the_connections():
    text = recommend_conf(PLANS["two-cpus"], constraints_of("two-cpus"))
    changed = evaluated(text.replace("threads = 16", "threads = 3"))
    assert (changed["threads"], changed["worker_connections"]) == (3, 3)


# --- a plan fed back as an existing configuration -------------------------------------------------------------


class Loader(Application):
    """Gunicorn's own reading of a configuration file, without the rest of an application."""

    def __init__(self) -> None:
        self.cfg = Config()


def in_force(text: str, directory: Path) -> dict[str, object]:
    """Every setting as Gunicorn has it after it has read the file."""
    file = directory / "gunicorn.conf.py"
    file.write_text(text, encoding="utf-8")
    loader = Loader()
    loader.load_config_from_file(str(file))
    return {name: setting.get() for name, setting in loader.cfg.settings.items()}


def differences(plan: Plan, current: dict[str, object]) -> list[str]:
    """The settings that a user would have to change to follow the plan."""
    return [name for name, value in expected(plan).items() if not _same(value, current[name])]


def _same(planned: object, current: object) -> bool:
    if isinstance(current, list):  # Gunicorn binds to several addresses
        return current == [planned]
    if isinstance(planned, int) and isinstance(current, int) and not isinstance(planned, bool):
        return abs(planned - current) <= TOLERANCE * abs(planned)
    return planned == current


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_in_force_needs_no_change(name, tmp_path):
    plan, limits = PLANS[name], constraints_of(name)
    current = in_force(recommend_conf(plan, limits), tmp_path)
    again = recommend(plan.host, plan.workload, limits) if plan.measured is None else plan
    assert differences(again, current) == []


def test_another_configuration_does(tmp_path):
    plan = make_plan()
    current = in_force("workers = 4\nthreads = 16\nbind = '0.0.0.0:1'\n", tmp_path)
    found = differences(plan, current)
    assert {"bind", "workers", "worker_class", "worker_connections", "keepalive"} <= set(found)
    assert not {"threads", "timeout", "graceful_timeout"} & set(found)
