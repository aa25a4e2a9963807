"""What becomes of a tuning's result: the JSON, the winner's configuration, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from advisor.cli import options
from advisor.cli.files import write_file
from advisor.cli.next_steps import quoted
from advisor.cli.progress import progress
from advisor.facts import Fact, Origin
from advisor.host.host import Host
from advisor.measure.tune.plan import option_of, tuned_plan
from advisor.measure.tune.result import Subject, TuneResult
from advisor.report.envelope import envelope
from advisor.report.tune_conf import tune_conf
from advisor.report.tune_json import tune_json
from advisor.report.tune_words import sentences
from advisor.sizing.constraints import Constraints
from advisor.sizing.plan import Plan
from advisor.workload.assume import assume
from advisor.workload.cost import AppCost
from advisor.workload.profile import kind_of

_USUAL_NAME = "gunicorn.conf.py"
# What becomes of the result, not what is tuned; a tuning that goes on keeps its budget.
_ABOUT_OUTPUT = {"app", "output", "save", "resume", "force", "output_format", "budget"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A result with all that is needed to say what to do with it."""

    ctx: typer.Context
    result: TuneResult
    subject: Subject
    cost: AppCost
    host: Host
    constraints: Constraints


def tune_document(result: TuneResult, subject: Subject, cost: AppCost, *, complete: bool) -> str:
    """The result as JSON, the same on standard output and in the file of --save."""
    return envelope("tune", tune_json(result, subject, cost, complete=complete)) + "\n"


def write_winner(shown: Shown, output: Path, *, force: bool) -> None:
    """Write the winner's configuration, and say so. Raises BadInput when it cannot be written."""
    text = tune_conf(_winner_plan(shown), shown.subject, measured=sentences(shown.result)[0])
    written = write_file(output, text, force=force)
    kept = f"; the former file is kept as {written.backup.name}" if written.backup else ""
    progress(f"Wrote {output}{kept}." if written.changed else f"{output} is already so; nothing written.")
    if shown.subject.present is not None:
        replaced = written.backup is not None and _is_present(shown.subject, output)
        former = written.backup.name if written.backup is not None and replaced else shown.subject.present
        progress(f"Its concurrency is as measured; take what else you need over from {former}.")


def _is_present(subject: Subject, output: Path) -> bool:
    """Whether the file is the present configuration itself."""
    folder = Path.cwd() if subject.directory is None else Path(subject.directory)
    present = folder / _USUAL_NAME if subject.config is None else Path(subject.config)
    return output.resolve() == present.resolve()


def next_steps(shown: Shown, output: Path | None, saved: Path | None) -> list[tuple[str, str]]:
    """What to do with the result; nothing is measured again where it was saved."""
    result, app = shown.result, quoted(shown.subject.app)
    named = [app] if shown.ctx.params["app"] else []
    again = " ".join(["gcadvise tune", *named, *_given_words(shown.ctx)])
    if result.interrupted:
        return [] if saved is None else [("Go on", f"{again} --resume {quoted(str(saved))}")]
    if result.decision is None or result.winner_is_present:
        return []
    directory = shown.subject.directory
    chdir = [] if directory is None or Path(directory) == Path.cwd() else ["--chdir", directory]
    if output is not None:
        return [("Start it", _gunicorn(["-c", str(output), *chdir], app))]
    if saved is not None:
        return [("Write its configuration", f"{again} --resume {quoted(str(saved))} -o {_USUAL_NAME}")]
    option = result.decision.winner.option
    config = [] if shown.subject.config is None else ["-c", shown.subject.config]
    return [] if option is None else [("Start it", _gunicorn([*config, *chdir, *option.arguments()], app))]


def _gunicorn(arguments: Sequence[str], app: str) -> str:
    return " ".join(["gunicorn", *map(quoted, arguments), app])


def _winner_plan(shown: Shown) -> Plan:
    """The winner as a plan; the other settings are what is recommended for this host."""
    decision, confirmation, cost = shown.result.decision, shown.result.confirmation, shown.cost
    assert decision is not None
    assert confirmation is not None
    name, source = decision.winner.name, "measured just now"
    option = decision.winner.option
    if option is None:
        settings = next(run.settings for run in confirmation.runs[name] if run.settings is not None)
        option = option_of(settings)
    workload = assume(
        kind_of(cost.request.wait_ratio),
        wait_ratio=Fact(value=cost.request.wait_ratio, source=source),
        worker_memory_bytes=Fact(value=cost.memory.worker_bytes, source=source),
        response_time_seconds=Fact(value=cost.request.service_seconds, source=source),
    )
    return tuned_plan(
        shown.host,
        workload,
        shown.constraints,
        option,
        reason=f"measured: {sentences(shown.result)[0].rstrip('.')}",
        per_second=confirmation.mean(name),
        memory_bytes=confirmation.memory_bytes(name) or cost.memory.total_bytes(option.shape.workers, option.threads),
    )


def _given_words(ctx: typer.Context) -> list[str]:
    """The flags that were given and say what is tuned, as a shell reads them."""
    words: list[str] = []
    for parameter in ctx.command.params:
        name, value = parameter.name or "", ctx.params.get(parameter.name or "")
        if name in _ABOUT_OUTPUT or options.origin(ctx, name) is not Origin.FLAG:
            continue
        if isinstance(value, bool):
            words += parameter.opts[:1] if value else []
        elif isinstance(value, (list, tuple)):
            words += [word for one in value for word in (parameter.opts[0], quoted(str(one)))]
        elif value is not None:
            words += [parameter.opts[0], quoted(str(value))]
    return words
