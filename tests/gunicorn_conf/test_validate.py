"""Files in, findings out, and back into the files: what holds for any input."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gunicorn_conf.fix import mend
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.select import Selection, make_selection
from gunicorn_conf.validate import validate
from tests.benchmarks.configurations import configurations

CONF = "gunicorn.conf.py"
KINDS = {
    CONF: (
        "workers = 4\n",
        "WORKERS = '3'\n",
        "bind = ",
        "def post_fork(worker):\n    pass\n",
        "# gcadvise: ignore[",
        "]",
    ),
    "Dockerfile": (
        "FROM python\n",
        "CMD gunicorn ",
        "-w 3 ",
        "app:app\n",
        'CMD ["gunicorn", ',
        '"-b", ":80"]\n',
        "\\\n",
    ),
    "Procfile": ("web: ", "gunicorn ", "-w ${N:-3} ", "app:app", "\n", "$(nproc)", "'"),
    "run.sh": ("#!/bin/sh\n", "exec gunicorn ", "-c gunicorn.conf.py ", "app\n", "if x; then\n", "fi\n", "\\\n", '"'),
    "docker-compose.yml": ("services:\n  web:\n", "    command: gunicorn app\n", "    - ", "&a ", "*a ", "[", "}"),
    "app.service": ("[Service]\n", "ExecStart=gunicorn ", "-w 3 app\n", "Type=notify\n", "%h", "\\\n"),
    "deploy.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\n",
        "command: [gunicorn, app]\n",
        "---\n",
        "  - ",
        "{{ x }}",
    ),
}


def files(**texts: str) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(path=path, text=text) for path, text in texts.items())


def only(*codes: str) -> Selection:
    return make_selection(RULES, select=codes)


def conf(text: str) -> tuple[SourceFile, ...]:
    return (SourceFile(path=CONF, text=text),)


def test_a_finding_of_a_file_that_two_commands_name_is_made_once() -> None:
    sources = (
        *conf("WORKERS = 3\n"),
        SourceFile(
            path="Procfile", text="web: gunicorn -c gunicorn.conf.py a:a\nother: gunicorn -c gunicorn.conf.py b:b\n"
        ),
    )
    result = validate(sources, selection=only("GC102"))
    assert len(result.subjects) == 2
    assert len(result.findings) == 1
    assert result.judged == (CONF, "Procfile")


def test_of_what_two_commands_say_of_one_place_the_gravest_is_kept() -> None:
    sources = (
        *conf("threads = 4\nworker_class = 'gthread'\n"),
        SourceFile(
            path="Procfile",
            text="web: gunicorn -w 2 -c gunicorn.conf.py a:a\nx: gunicorn -w 8 -c gunicorn.conf.py b:b\n",
        ),
    )
    result = validate(sources, selection=only("GC211"))
    places = [one.problem.place for one in result.findings if one.problem.place.path == CONF]
    assert len(places) == len(set(places)) == 1


def test_ignored_files_are_counted() -> None:
    selection = make_selection(RULES, select=["GC102"], per_file_ignores={"gunicorn*": "GC102"})
    result = validate(conf("WORKERS = 3\n"), selection=selection)
    assert (result.findings, result.ignored) == ((), 1)


def test_a_suppression_is_only_unused_when_its_rule_ran() -> None:
    text = "workers = 3  # gcadvise: ignore[GC102]\n"
    assert [one.code for one in validate(conf(text), selection=only("GC102", "GC190")).findings] == ["GC190"]
    assert validate(conf(text), selection=only("GC101", "GC190")).findings == ()


@pytest.mark.parametrize("text", configurations(60, seed=7))
def test_what_is_mended_parses_and_stays_mended(text: str) -> None:
    first = mend(validate(conf(text)), unsafe=True)
    new = first.texts.get(CONF, text)
    ast.parse(new)
    again = mend(validate(conf(new)), unsafe=True)
    assert (again.texts, again.applied) == ({}, ())


def test_safe_fixes_alone_are_applied_unless_more_is_asked_for() -> None:
    text = "WORKERS = 3\nworkers = 4\n"
    safe = mend(validate(conf(text)))
    assert all(one.problem.fix is not None and one.problem.fix.safe for one in safe.applied)


def test_a_fix_that_would_bring_an_error_is_refused_with_the_reason() -> None:
    mended = mend(validate(conf("WORKERS = 'four'\n"), selection=only("GC102")), selection=only("GC102"), unsafe=True)
    assert mended.texts == {}
    (refused,) = mended.refused
    assert refused.finding.code == "GC102"
    assert "workers" in refused.why


def test_files_that_may_not_change_do_not() -> None:
    mended = mend(validate(conf("WORKERS = 3\n")), unsafe=True, may_change=lambda path: path != CONF)
    assert mended.texts == {}


@st.composite
def _sources(draw: st.DrawFn) -> Sequence[SourceFile]:
    names = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3, unique=True))
    return [
        SourceFile(
            path=name,
            text="".join(draw(st.lists(st.one_of(st.sampled_from(KINDS[name]), st.text(max_size=8)), max_size=10))),
        )
        for name in names
    ]


@settings(max_examples=150, deadline=None)
@given(_sources())
def test_any_files_can_be_judged_and_mended(sources: Sequence[SourceFile]) -> None:
    result = validate(sources)
    paths = {file.path for file in sources}
    assert {one.problem.place.path for one in result.findings if not one.problem.place.path.startswith("$")} <= paths
    mend(result, unsafe=True)


def test_fixes_beside_a_refused_one_stand_where_they_belong() -> None:
    text = "WORKERS = 'four'\nTHREADS = 2\nBACKLOG = 100\nTIMEOUT = 'x'\nKEEPALIVE = 3\nBIND = ':80'\n"
    selection = only("GC102")
    mended = mend(validate(conf(text), selection=selection), selection=selection, unsafe=True)
    assert mended.texts[CONF] == (
        "WORKERS = 'four'\nthreads = 2\nbacklog = 100\nTIMEOUT = 'x'\nkeepalive = 3\nbind = ':80'\n"
    )
    assert {one.finding.problem.place.line for one in mended.refused} == {1, 4}


def test_fixes_that_add_lines_do_not_shift_those_that_follow() -> None:
    text = "worker_class = 'gthread'\nthreads = 4\nworkers = 4\nWORKERS = 'four'\npreload_app = 'yes'\nBACKLOG = 100\n"
    mended = mend(validate(conf(text)), unsafe=True)
    new = mended.texts[CONF]
    assert "preload_app = True\n" in new
    assert "WORKERS = 'four'\n" in new
    ast.parse(new)
