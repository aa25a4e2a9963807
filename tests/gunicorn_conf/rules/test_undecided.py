"""Where a file or variable that is not at hand may set anything, no rule speaks of what is not set."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gunicorn_conf.assemble import assemble
from gunicorn_conf.judge import judge
from gunicorn_conf.rules.registry import RULES
from gunicorn_conf.settings import settings
from tests.gunicorn_conf.rules.cases import Case, read_cases

RULE = {rule.code: rule for rule in RULES}
FIRING = [case for case in read_cases() if case.fires]
# They speak of names and options that are written, not of what holds when nothing is.
OF_WHAT_IS_WRITTEN = {"GC101", "GC102", "GC103", "GC104", "GC117", "GC122", "GC123"}


@pytest.mark.parametrize("case", FIRING, ids=lambda case: case.id)
def test_a_rule_does_not_speak_of_defaults_that_may_not_hold(case: Case) -> None:
    for subject in assemble(case.sources, case.circumstances):
        config = replace(subject.config, undecided="settings.py is not at hand")
        for finding in judge(replace(subject, config=config), [RULE[case.code]]):
            name = finding.problem.setting
            assert case.code in OF_WHAT_IS_WRITTEN or name not in settings() or config.get(name), (
                finding.problem.message
            )
            assert "by default" not in finding.problem.message
            assert "No application module" not in finding.problem.message
