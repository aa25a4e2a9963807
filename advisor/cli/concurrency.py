"""``gcadvise concurrency``: how many requests a configuration really serves at once."""

from __future__ import annotations

import enum
import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli import options, server_options
from advisor.cli.progress import progress
from advisor.cli.server_options import served_python, server_spec
from advisor.cli.streams import answer, width
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from advisor.measure.concurrency import ConcurrencyResult
    from advisor.measure.experiments import ExperimentResult
    from advisor.measure.server_spec import ServerSpec

_DEFAULT_REQUESTS = 20
_DEFAULT_TIMEOUT_SECONDS = 60.0
# The wait of the documented experiments.
_EXPERIMENT_WAIT_SECONDS = 2.0
_EXPERIMENT_PATH = re.compile(r"/io\?seconds=(\d+(?:\.\d+)?)")


class Format(str, enum.Enum):
    """How the result is shown."""

    text = "text"
    json = "json"


def concurrency(
    arguments: server_options.GunicornArguments = None,
    config: server_options.Config = None,
    app: server_options.App = None,
    chdir: server_options.Chdir = None,
    python: options.PythonPath = None,
    path: Annotated[
        str | None,
        typer.Option("--path", help="What to request; /io?seconds=2 of the sample app, / of another.", metavar="PATH"),
    ] = None,
    requests: Annotated[
        int, typer.Option("--requests", "-n", help="How many to send at the same moment.")
    ] = _DEFAULT_REQUESTS,
    timeout: Annotated[
        float, typer.Option("--timeout", help="How long to wait for an answer, in seconds.")
    ] = _DEFAULT_TIMEOUT_SECONDS,
    url: Annotated[
        str | None, typer.Option("--url", help="Ask a server that already runs, instead of starting one.")
    ] = None,
    promised: Annotated[
        int | None, typer.Option("--promised", help="How many the server of --url should serve at once.")
    ] = None,
    allowed_host: server_options.AllowedHost = None,
    experiments: Annotated[
        bool, typer.Option("--experiments", help="Run the four documented experiments on the sample app.")
    ] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
) -> None:
    """Show how many requests a configuration really serves at once.

    Starts Gunicorn on a free loopback port, sends requests at the same moment, and shows when each was served, and by
    which worker. Without a configuration, an app or arguments: Gunicorn's own defaults, on the sample app.
    """
    _check_numbers(requests, timeout, promised)
    own_server = any(given is not None for given in (config, app, chdir)) or bool(arguments)
    if experiments:
        if own_server or url is not None:
            raise BadInput(
                "--experiments does not go with a configuration, an app, arguments or --url",
                why="the experiments bring their own configurations and run on the sample app",
                hint="leave the others out",
            )
        _experiments(python, path, timeout, output_format)
        return
    if url is not None:
        if own_server:
            raise BadInput(
                "--url does not go with a configuration, an app or arguments",
                why="that server already runs",
                hint="leave the others out, or leave out --url to have a server started",
            )
        result = _of_running_server(url, path, requests, timeout, promised, allowed_host)
    else:
        if promised is not None or allowed_host is not None:
            raise BadInput(
                "--promised and --i-am-allowed-to-load go with --url alone",
                why="gcadvise knows what a server of its own promises, and starts it on this machine",
                hint="leave them out",
            )
        result = _of_own_server(server_spec(arguments or [], config, app, chdir, python), path, requests, timeout)
    _show(result, output_format)
    if result.log:
        progress("Gunicorn's log:")
        progress("\n".join(f"  {line}" for line in result.log.splitlines()))
    raise typer.Exit(0 if result.kept else 1)


def _of_own_server(spec: ServerSpec, path: str | None, requests: int, timeout: float) -> ConcurrencyResult:
    from advisor.measure.check import check_concurrency

    return check_concurrency(
        spec, path=path, requests=requests, timeout_seconds=timeout, name="concurrency", progress=progress
    )


def _of_running_server(
    url: str, path: str | None, requests: int, timeout: float, promised: int | None, allowed_host: str | None
) -> ConcurrencyResult:
    from advisor.load.target import check_allowed, is_loopback
    from advisor.measure.check import check_path, check_url

    check_allowed(url, allowed_host)
    if path is not None:
        check_path(path)
        url = url.rstrip("/") + path
    return check_url(
        url,
        requests=requests,
        timeout_seconds=timeout,
        promised=promised,
        verify_certificate=not is_loopback(url),
        progress=progress,
    )


def _experiments(python: str | None, path: str | None, timeout: float, output_format: Format) -> None:
    from advisor.measure.experiments import run_experiments

    wait_seconds = _EXPERIMENT_WAIT_SECONDS
    if path is not None:
        match = _EXPERIMENT_PATH.fullmatch(path)
        if match is None:
            raise BadInput(
                f"the experiments cannot use {path!r}",
                why="they need to know how long a request waits",
                hint="write it as /io?seconds=0.5",
            )
        wait_seconds = float(match[1])
    results = run_experiments(
        python=served_python(python, users_own=False),
        wait_seconds=wait_seconds,
        timeout_seconds=timeout,
        progress=progress,
    )
    _show_experiments(results, output_format)
    raise typer.Exit(0 if all(each.held for each in results if each.experiment.must_hold) else 1)


def _show(result: ConcurrencyResult, output_format: Format) -> None:
    if output_format is Format.json:
        from advisor.report.concurrency_json import concurrency_json
        from advisor.report.envelope import envelope

        answer(envelope("concurrency", concurrency_json([result])) + "\n")
        return
    from advisor.report.concurrency import concurrency_text, marks_for

    answer(concurrency_text(result, width=width(), marks=marks_for(sys.stdout.encoding)) + "\n")


def _show_experiments(results: tuple[ExperimentResult, ...], output_format: Format) -> None:
    if output_format is Format.json:
        from advisor.report.concurrency_json import experiments_json
        from advisor.report.envelope import envelope

        answer(envelope("concurrency", experiments_json(results)) + "\n")
        return
    from advisor.report.concurrency import ASCII, marks_for
    from advisor.report.experiments import experiments_text

    ascii_only = marks_for(sys.stdout.encoding) is ASCII
    answer(experiments_text(results, width=width(), ascii_only=ascii_only) + "\n")


def _check_numbers(requests: int, timeout: float, promised: int | None) -> None:
    from advisor.measure.limits import check_count, check_timeout

    check_count(requests)
    check_timeout(timeout)
    if promised is not None and promised < 1:
        raise BadInput(f"--promised {promised} is not a number of requests", why="it is below 1", hint="give 1 or more")
