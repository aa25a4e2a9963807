"""The reports of a plan, against files: ``pytest tests/advisor/report --regenerate`` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.report.recommend import capacity_text, recommend_text, show_limit
from advisor.report.recommend_conf import recommend_conf
from advisor.report.recommend_markdown import recommend_markdown
from advisor.sizing.plan import Limit, Plan
from advisor.workload.workload import Kind
from tests.advisor.hosts import make_host, make_plan
from tests.advisor.report.plans import PLANS, constraints_of
from tests.conftest import MatchesFile

GOLDEN = Path(__file__).parent / "golden" / "recommend"
NEXT = (("Write the file", "gcadvise recommend --io-bound -o gunicorn.conf.py"),)


def shown(name: str, shape: str) -> str:
    plan = PLANS[name]
    match shape:
        case "text":
            return recommend_text(plan, width=100, next_steps=NEXT)
        case "markdown":
            return recommend_markdown(plan)
        case _:
            return recommend_conf(plan, constraints_of(name))


@pytest.mark.parametrize("shape", ["text", "markdown", "conf"])
@pytest.mark.parametrize("name", PLANS)
def test_a_report_reads_as_agreed(name: str, shape: str, matches_file: MatchesFile) -> None:
    matches_file(shown(name, shape), GOLDEN / f"{name}.{shape}.txt")


def test_there_is_no_golden_file_that_nothing_is_compared_with() -> None:
    assert {file.name for file in GOLDEN.iterdir()} == {
        f"{name}.{shape}.txt" for name in PLANS for shape in ("text", "markdown", "conf")
    }


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("name", PLANS)
def test_text_keeps_to_the_width(name: str, width: int) -> None:
    for line in recommend_text(PLANS[name], width=width).splitlines():
        assert len(line) <= width, line


@pytest.mark.parametrize("name", PLANS)
def test_a_narrow_terminal_loses_no_word(name: str) -> None:
    wide, narrow = (recommend_text(PLANS[name], width=width).split() for width in (100, 24))
    assert sorted(narrow) == sorted(wide)


def test_a_command_is_never_wrapped() -> None:
    command = "gcadvise recommend " + "--cpus 2 " * 30
    assert command in recommend_text(PLANS["two-cpus"], width=60, next_steps=[("Run", command)])


@pytest.mark.parametrize("name", PLANS)
def test_the_text_and_the_file_say_the_same_capacity(name: str) -> None:
    capacity = capacity_text(PLANS[name]).split()
    text = recommend_text(PLANS[name], width=100)
    conf = " ".join(line.removeprefix("# ") for line in recommend_conf(PLANS[name], constraints_of(name)).splitlines())
    assert " ".join(capacity) in " ".join(text.split())
    assert " ".join(capacity) in conf


@pytest.mark.parametrize("name", PLANS)
def test_every_warning_and_assumption_is_a_sentence(name: str) -> None:
    for text in (*PLANS[name].warnings, *PLANS[name].assumptions):
        assert text.endswith("."), text
        assert text[0].isupper() or text[0].isdigit(), text


def test_one_is_singular() -> None:
    plan: Plan = make_plan(Kind.CPU_BOUND, host=make_host(cpus=1.0))
    for text in (recommend_text(plan, width=200), recommend_markdown(plan), recommend_conf(plan, constraints_of(""))):
        for wrong in ("1 CPUs", "1 threads", "1 workers", "1 slots", "1 requests"):
            assert f" {wrong}" not in text.replace("(", " ")
    assert show_limit(Limit(name="rule", value=1, unit="workers", arithmetic="")) == "1 worker"


def test_the_binding_limit_is_marked_beside_its_value() -> None:
    (marked,) = [line for line in recommend_text(PLANS["little-memory"], width=100).splitlines() if "◄" in line]
    assert marked.split("◄")[0].split() == ["memory", "13", "workers"]


def test_what_the_cpus_cannot_compute_is_not_promised() -> None:
    plan = make_plan(Kind.MIXED, concurrency=100, response_time_seconds=0.1)  # 2 CPUs, 20 ms of computing each
    assert "at 100 ms about 100 requests/s, which is all that 2 CPUs can compute" in capacity_text(plan)


def test_markdown_escapes_what_would_be_markup() -> None:
    host = make_host()
    object.__setattr__(host.cpus, "source", "a|b *c* <d> \\ `e`")
    (row,) = [line for line in recommend_markdown(make_plan(host=host)).splitlines() if line.startswith("| CPUs")]
    assert row == "| CPUs | 2 | a\\|b \\*c\\* \\<d> \\\\ `e` |"
