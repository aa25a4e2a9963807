"""Starts a server of the app to be profiled, and explains why one does not start."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from advisor.measure.profile.hang import FAULT_HANDLER
from advisor.measure.profile.imports import import_app
from advisor.measure.profile.log_reading import last_exception, missing_variable, where_threads_were
from advisor.measure.server import START_SECONDS, RunningServer, running_server
from advisor.measure.server_spec import SAMPLE_APP, ServerSpec
from gunicorn_conf.errors import ServerFailed

# An import that took longer than the server's start may take: this is enough to see where it stands.
_LOOK_SECONDS = 5.0


def with_arguments(spec: ServerSpec, settings: Mapping[str, object], *flags: str) -> ServerSpec:
    """The same server with these settings in place of its configuration's; ``flags`` take no value."""
    arguments = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    environment = {**spec.environment, **FAULT_HANDLER}
    return replace(spec, arguments=(*spec.arguments, *arguments, *flags), environment=environment)


@contextlib.contextmanager
def started(spec: ServerSpec) -> Iterator[RunningServer]:
    """Start it for the length of the block. Raises ServerFailed with the app's own reason."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(running_server(spec, start_seconds=START_SECONDS))
        except ServerFailed as error:
            raise _explained(error, spec) from error
        yield server


def _explained(error: ServerFailed, spec: ServerSpec) -> ServerFailed:
    app = spec.app or SAMPLE_APP
    exception = last_exception(error.log)
    if exception is not None:
        return ServerFailed(f"{app} does not start", why=exception, hint=_hint(exception, error.log), log=error.log)
    run = import_app(spec, app, seconds=_LOOK_SECONDS)
    if run is None or run.imports is not None:
        return ServerFailed(f"{app} does not start", why=error.why, hint=error.hint, log=error.log)
    log = error.log or run.output
    if run.timed_out:
        places = where_threads_were(run.output, spec.directory.resolve())
        at = f" ({places[0]})" if places else ""
        return ServerFailed(
            f"{app} does not start",
            why=f"its import does not come to an end{at}",
            hint="a module that starts a server of its own, or waits for something, must do so only when it is run: "
            'put it below if __name__ == "__main__"',
            log=log,
        )
    exception = last_exception(run.output)
    if exception is not None:
        return ServerFailed(f"{app} does not start", why=exception, hint=_hint(exception, run.output), log=log)
    return ServerFailed(
        f"{app} does not start",
        why=f"importing it ends the process, with exit code {run.exit_code}",
        hint='a module that calls sys.exit() must do so only when it is run: put it below if __name__ == "__main__"',
        log=log,
    )


def _hint(exception: str, log: str) -> str:
    variable = missing_variable(log)
    if variable is not None:
        return f"set the environment variable {variable} as in production, then try again"
    if exception.startswith("ModuleNotFoundError"):
        return "name the Python that has it with --python, and the directory of the app with --chdir"
    if exception.startswith(("Failed to find", "Failed to parse", "AppImportError")):
        return "name the app as module:variable, or module:factory() for a function that makes it"
    return "mend what its log says; `gunicorn` with the same app should fail in the same way"
