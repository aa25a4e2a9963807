"""Files in a dictionary to subjects, for the tests of readers."""

from __future__ import annotations

from collections.abc import Mapping

from gunicorn_conf.assemble import Circumstances, assemble
from gunicorn_conf.read.files import SourceFile
from gunicorn_conf.rules.subject import Command, Deployment, Subject
from gunicorn_conf.value import Known


def subjects(files: Mapping[str, str], environment: Mapping[str, str] | None = None) -> tuple[Subject, ...]:
    sources = [SourceFile(path=path, text=text) for path, text in files.items()]
    return assemble(sources, Circumstances(environment=environment or {}))


def subject(files: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Subject:
    (found,) = subjects(files, environment)
    return found


def command(files: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Command:
    found = subject(files, environment).command
    assert found is not None
    return found


def effective(found: Subject) -> dict[str, object]:
    """The effective settings that anything sets: known ones as they are, others as their Value."""
    values = {one.name: found.config.value(one.name) for one in found.config.assigned}
    return {name: value.value if isinstance(value, Known) else value for name, value in values.items()}


def deployment(files: Mapping[str, str]) -> Deployment:
    return subject(files).deployment
