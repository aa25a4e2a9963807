"""``gcadvise validate``: what is wrong with a configuration of Gunicorn, and mends what can be mended."""

from __future__ import annotations

import enum
import gc
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli import options
from advisor.cli.gather import gather
from advisor.cli.streams import answer
from advisor.cli.validate_input import circumstances, pairs, selection
from gunicorn_conf.errors import BadInput, GcadviseError
from gunicorn_conf.rules.finding import Finding, Severity
from gunicorn_conf.validate import Validation
from gunicorn_conf.validate import validate as validate_files

if TYPE_CHECKING:
    from gunicorn_conf.fix import Mended
    from gunicorn_conf.rules.rule import Rule
    from gunicorn_conf.rules.subject import Subject
    from gunicorn_conf.select import Selection


class Format(str, enum.Enum):
    """How the findings are shown."""

    text = "text"
    json = "json"
    github = "github"
    sarif = "sarif"
    markdown = "markdown"


class FailOn(str, enum.Enum):
    """The least severity for which the exit code is 1."""

    error = "error"
    warning = "warning"
    info = "info"
    never = "never"


class Color(str, enum.Enum):
    """When text is coloured."""

    auto = "auto"
    always = "always"
    never = "never"


_SEVERITIES = {
    FailOn.error: {Severity.ERROR},
    FailOn.warning: {Severity.ERROR, Severity.WARNING},
    FailOn.info: set(Severity),
    FailOn.never: set[Severity](),
}


def validate(
    ctx: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE|DIR]...", help="What to judge; - is standard input. Default: this directory."),
    ] = None,
    stdin_filename: Annotated[
        str, typer.Option(help="What to take standard input for.", metavar="NAME")
    ] = "gunicorn.conf.py",
    env: Annotated[
        list[str] | None, typer.Option(help="A variable that will be set where Gunicorn runs.", metavar="NAME=VALUE")
    ] = None,
    execute: Annotated[
        bool,
        typer.Option("--execute", help="Run configuration files, in a child process, instead of reading them."),
    ] = False,
    gunicorn_version: Annotated[
        str | None,
        typer.Option(
            envvar="GCADVISE_GUNICORN_VERSION", help="The release of Gunicorn that will run.", metavar="X.Y.Z"
        ),
    ] = None,
    python: options.PythonPath = None,
    platform: options.PlatformName = None,
    cpus: options.Cpus = None,
    memory: options.Memory = None,
    cpu_bound: Annotated[bool, typer.Option("--cpu-bound", help="Requests mostly compute.")] = False,
    worker_memory: Annotated[
        str | None,
        typer.Option(envvar="GCADVISE_WORKER_MEMORY", help="What a worker with the app needs.", metavar="SIZE"),
    ] = None,
    max_db_connections: Annotated[
        int | None, typer.Option(envvar="GCADVISE_MAX_DB_CONNECTIONS", help="What the database allows this app.")
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Run these alone: codes, their beginnings, names, topics.", metavar="RULES")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Do not run these.", metavar="RULES")] = None,
    severity: Annotated[
        list[str] | None, typer.Option(help="Count a rule as error, warning or info.", metavar="RULE=SEVERITY")
    ] = None,
    per_file_ignores: Annotated[
        list[str] | None, typer.Option(help="Do not run these on files that match.", metavar="PATTERN=RULES")
    ] = None,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 from this severity on.")] = FailOn.error,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended without changing what works.")] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="Mend the rest too; look at the result.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change; write nothing.")] = False,
    color: Annotated[Color, typer.Option(help="Whether to colour text.")] = Color.auto,
) -> None:
    """Find what is wrong with a configuration of Gunicorn: its file, its command line, or both together.

    Nothing of yours is executed, unless you say --execute. Exit code 1 when there is something to do.
    """
    chosen = selection(select=select, ignore=ignore, severity=severity, per_file_ignores=per_file_ignores)
    given = circumstances(
        ctx,
        environment=pairs("--env", env),
        execute=execute,
        gunicorn_version=gunicorn_version,
        python=python,
        platform=platform,
        cpus=cpus,
        memory=memory,
        cpu_bound=cpu_bound,
        worker_memory=worker_memory,
        max_db_connections=max_db_connections,
    )
    gathered = gather(paths or ["."], stdin_filename=stdin_filename)
    # Syntax trees are many small objects without cycles: to look for cycles takes a fifth of the time, and frees
    # nothing.
    gc.disable()
    failures: list[str] = []
    result = validate_files(gathered.files, given, chosen, failed=lambda *what: failures.append(_failure(*what)))
    if not result.subjects and gathered.directories:
        raise BadInput(
            f"there is no configuration of Gunicorn in {' or '.join(gathered.directories)}",
            why=f"of {len(gathered.files)} files that could hold one, none configures or starts Gunicorn",
            hint="name the file, as in gcadvise validate deploy/gunicorn.conf.py",
        )
    mended: Mended | None = None
    if fix or unsafe_fixes or diff:
        from gunicorn_conf.fix import mend

        mended = mend(result, given, chosen, unsafe=unsafe_fixes, may_change=gathered.may_change)
        _tell_refused(mended)
    if mended is not None and (diff or gathered.stdin is not None):
        _show_change(mended, gathered.stdin if not diff else None, result)
        raise typer.Exit(_code(mended.validation.findings, fail_on) or int(diff and bool(mended.texts)))
    if mended is not None:
        _write(mended)
        result = mended.validation
    answer(_shown(result, chosen, output_format, colour=_coloured(color)))
    if failures:
        raise GcadviseError(
            f"{len(failures)} rule{'s' if len(failures) > 1 else ''} could not judge everything",
            why="; ".join(failures),
            hint="this is a defect in gcadvise: report it; what the other rules found is shown above",
        )
    raise typer.Exit(_code(result.findings, fail_on))


def _code(findings: tuple[Finding, ...], fail_on: FailOn) -> int:
    return int(any(finding.severity in _SEVERITIES[fail_on] for finding in findings))


def _failure(rule: Rule, subject: Subject, error: Exception) -> str:
    return f"{rule.code} on {subject.place}: {type(error).__name__}: {error}"


def _shown(result: Validation, chosen: Selection, shape: Format, *, colour: bool) -> str:
    match shape:
        case Format.json:
            from advisor.report.envelope import envelope
            from advisor.report.validate_json import validate_json

            return envelope("validate", validate_json(result)) + "\n"
        case Format.github:
            from advisor.report.validate_github import validate_github

            return validate_github(result)
        case Format.sarif:
            from advisor.report.validate_sarif import validate_sarif

            return validate_sarif(result, chosen.rules)
        case Format.markdown:
            from advisor.report.validate_markdown import validate_markdown

            return validate_markdown(result)
        case Format.text:
            from advisor.report.validate import validate_text

            return validate_text(result, colour=colour)


def _coloured(color: Color) -> bool:
    if color is not Color.auto:
        return color is Color.always
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _tell_refused(mended: Mended) -> None:
    for refused in mended.refused:
        fix = refused.finding.problem.fix
        what = fix.description if fix else "the fix"
        typer.echo(f"{refused.finding.problem.place}: not mended ({what}): {refused.why}", err=True)


def _show_change(mended: Mended, stdin: str | None, before: Validation) -> None:
    if stdin is not None:  # an editor's filter: the text, changed or not, is the answer
        answer(mended.texts.get(stdin, before.text(stdin)))
        return
    from advisor.report.difference import unified

    answer("".join(unified(path, before.text(path), text) for path, text in mended.texts.items()))
    if not mended.texts:
        typer.echo("Nothing to mend.", err=True)


def _write(mended: Mended) -> None:
    from pathlib import Path

    from advisor.cli.files import write_file
    from advisor.cli.gather import under_version_control

    for path, text in mended.texts.items():
        target = Path(path)
        written = write_file(target, text, force=True, keep=not under_version_control(target))
        kept = f"; the former file is kept as {written.backup.name}" if written.backup else ""
        number = sum(finding.problem.place.path == path for finding in mended.applied)
        typer.echo(f"Mended {path}: {number} fix{'es' if number > 1 else ''}{kept}.", err=True)
