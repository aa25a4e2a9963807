"""How many rules ``gunicorn --check-config`` knows of: it is run on the cases in which each rule fires.

Run by hand: ``.venv/bin/python -m pytest tests/benchmarks/test_check_config.py -m benchmark -s``. A case is rejected
when Gunicorn ends with another code than 0; the app is always one that works. Cases of another release than the
installed one, and those whose command needs a shell, are left out.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gunicorn_conf.assemble import assemble
from gunicorn_conf.rules.registry import RULES
from tests.gunicorn_conf.rules.cases import Case, read_cases
from tests.neutral import child_environment

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\napplication = app\n"
TIMEOUT_SECONDS = 20


def _command(case: Case) -> list[str] | None:
    """What to run behind ``gunicorn --check-config``; None where that cannot be told."""
    for subject in assemble(case.sources, case.circumstances):
        if subject.command is None:
            return ["-c", subject.conf.path, "app:app"] if subject.conf is not None else None
        text = subject.command.text
        if not set(text) & set("$`;|&<>%{"):
            try:
                return shlex.split(text)
            except ValueError:
                return None
    return None


def _rejected(case: Case, arguments: list[str], directory: Path) -> bool:
    for path, text in case.files.items():
        target = directory / path
        if target.resolve().is_relative_to(directory.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    for word in arguments:
        module, colon, _ = word.partition(":")
        if colon and module.replace(".", "").isidentifier() and not (directory / f"{module}.py").exists():
            target = directory / (module.replace(".", "/") + ".py")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(APP)
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--check-config", *arguments],
        cwd=directory,
        env=child_environment(directory, case.environment),
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return done.returncode != 0


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_what_check_config_finds(tmp_path: Path) -> None:
    verdicts: dict[str, list[bool]] = {}
    for number, case in enumerate(read_cases()):
        arguments = _command(case) if case.fires and case.release in (None, "27.0.1") else None
        if arguments is None:
            continue
        directory = tmp_path / str(number)
        directory.mkdir()
        verdicts.setdefault(case.code, []).append(_rejected(case, arguments, directory))
    names = {rule.code: rule.name for rule in RULES}
    always = [code for code, found in verdicts.items() if all(found)]
    at_times = [code for code, found in verdicts.items() if any(found) and not all(found)]
    cases = [found for several in verdicts.values() for found in several]
    print(f"\n{len(RULES)} rules. gunicorn --check-config on {len(cases)} cases of {len(verdicts)} of them:")
    print(f"rejects {sum(cases)} cases; always for {len(always)} rules: {_listed(always, names)}")
    print(f"and at times, often for another reason, for {len(at_times)}: {_listed(at_times, names)}")
    assert cases


def _listed(codes: Sequence[str], names: Mapping[str, str]) -> str:
    return ", ".join(f"{code} {names[code]}" for code in codes)
