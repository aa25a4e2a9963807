"""Repositories in the style of public ones: the errors and warnings are those that somebody who knows would give.

Each file in ``repositories`` holds the files, and ``errors`` and ``warnings`` as "code path". What is not listed there
is a false alarm, whatever it says.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from gunicorn_conf.read.files import SourceFile, discover
from gunicorn_conf.rules.finding import Severity
from gunicorn_conf.validate import validate

REPOSITORIES = sorted(Path(__file__).with_name("repositories").glob("*.toml"))


def judged(files: list[SourceFile], root: Path, severity: Severity) -> list[str]:
    findings = validate(files).findings
    return sorted(
        f"{one.code} {Path(one.problem.place.path).relative_to(root)}" for one in findings if one.severity is severity
    )


@pytest.mark.parametrize("path", REPOSITORIES, ids=lambda path: path.stem)
def test_a_repository_gets_the_errors_and_warnings_that_it_deserves(path: Path, tmp_path: Path) -> None:
    repository = tomli.loads(path.read_text(encoding="utf-8"))
    for name, text in repository["files"].items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    files = discover(tmp_path)
    assert judged(files, tmp_path, Severity.ERROR) == repository["errors"]
    assert judged(files, tmp_path, Severity.WARNING) == repository["warnings"]
