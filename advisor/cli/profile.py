"""``gcadvise profile``: what one request of an app costs, and one worker; measured, said in words, and saved."""

from __future__ import annotations

import enum
import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli import app_input, load_options, options
from advisor.cli.progress import progress
from advisor.cli.streams import answer, width
from advisor.load.spec import DEFAULT_TIMEOUT_SECONDS
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    from advisor.cli.app_input import AppInput
    from advisor.measure.profile.result import AppProfile

DEFAULT_SECONDS = 20.0
# Below it there are too few requests for a mean; above it nothing more is learnt, and a benchmark is the better tool.
FEWEST_SECONDS, MOST_SECONDS = 2.0, 300.0
_USUAL_NAME = "profile.json"
# The flags of an app that `recommend --profile` takes too: which Python it runs in, and where.
_PLACE = ("--python", "--chdir")


class Format(str, enum.Enum):
    """How the profile is shown."""

    text = "text"
    json = "json"


def profile(
    app: app_input.App = None,
    paths: load_options.Paths = None,
    requests: load_options.Requests = None,
    headers: load_options.Headers = None,
    body_file: load_options.BodyFile = None,
    chdir: app_input.Chdir = None,
    python: options.PythonPath = None,
    seconds: Annotated[
        float, typer.Option("--seconds", help="How long to measure at most, all runs together.")
    ] = DEFAULT_SECONDS,
    timeout: load_options.Timeout = DEFAULT_TIMEOUT_SECONDS,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to save it, - to show the JSON; else profile.json.", metavar="FILE"),
    ] = None,
    save: Annotated[bool, typer.Option("--save/--no-save", help="Save it, or only show it.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an existing file that is no profile; it is kept beside.")
    ] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.text,
) -> None:
    """Measure what one request of an app costs (CPU, waiting) and what one worker weighs; save it for recommend."""
    if output is not None and str(output) == "-":
        output, save, output_format = None, False, Format.json
    if output is not None and not save:
        raise BadInput(
            "--output and --no-save do not go together",
            why="one says where to save the profile, the other not to",
            hint="leave one of them out",
        )
    _check_numbers(seconds, timeout)
    target = (output or Path(_USUAL_NAME)) if save else None
    if target is not None:
        _check_target(target, force=force)
    chosen = app_input.read_app(
        app, chdir=chdir, python=python, paths=paths, requests=requests, headers=headers, body_file=body_file
    )
    found = _measure(chosen, seconds=seconds, timeout=timeout)
    document = _document(found)
    try:
        if target is not None:
            _save(target, document)
    finally:  # what was measured is shown, even where it could not be saved
        if output_format is Format.json:
            answer(document)
        else:
            from advisor.report.profile import profile_text

            answer(profile_text(found, width=width(), next_steps=_next_steps(chosen, target)))


def _check_numbers(seconds: float, timeout: float) -> None:
    from advisor.measure.limits import check_timeout

    if not FEWEST_SECONDS <= seconds <= MOST_SECONDS:
        raise BadInput(
            f"--seconds {seconds:g} is not a time to measure for",
            why=f"it is {FEWEST_SECONDS:g} to {MOST_SECONDS:g} s for all runs together",
            hint=f"{DEFAULT_SECONDS:g} s are enough for most apps; one whose requests take seconds needs more",
        )
    check_timeout(timeout)


def _check_target(path: Path, *, force: bool) -> None:
    """Say before anything is measured that the profile could not be saved. Raises BadInput then."""
    from advisor.cli.saved_result import SavedResult

    folder = path.resolve().parent
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput(
            f"{path} cannot be written",
            why=f"{folder} may not be written to",
            hint="name another file with --output, or leave it out with --no-save",
        )
    SavedResult(path, command="profile", force=force)


def _measure(chosen: AppInput, *, seconds: float, timeout: float) -> AppProfile:
    from advisor.measure.profile.profile import profile_app

    return profile_app(
        chosen.server,
        chosen.requests,
        wsgi=not chosen.is_asgi,
        seconds=seconds,
        timeout_seconds=timeout,
        progress=progress,
    )


def _document(found: AppProfile) -> str:
    """The profile as JSON, the same on standard output and in the file."""
    from advisor.host.detect import detect
    from advisor.report.envelope import envelope
    from advisor.report.profile_json import profile_json

    return envelope("profile", profile_json(found, detect())) + "\n"


def _save(path: Path, document: str) -> None:
    """Write the profile; a former one may be of another app, or made by hand, and is kept beside it."""
    from advisor.cli.files import write_file

    written = write_file(path, document, force=True)
    kept = f"; the former file is kept as {written.backup.name}" if written.backup else ""
    progress(f"Wrote {path}{kept}.")


def _next_steps(chosen: AppInput, saved: Path | None) -> list[tuple[str, str]]:
    """What to do with the profile, and the command for each."""
    from advisor.cli.next_steps import quoted

    words = [quoted(word) for word in chosen.words]
    # Without them the advice would be for the Gunicorn beside gcadvise, and for another directory's app.
    place = [word for flag, value in pairwise(words) if flag in _PLACE for word in (flag, value)]
    if saved is None:
        return [("Save it, and size for it", " ".join(["gcadvise profile", *words, "-o", _USUAL_NAME]))]
    recommend = ["gcadvise recommend --profile", quoted(str(saved)), *place]
    return [
        ("See how Gunicorn should be configured for it", " ".join(recommend)),
        ("Find the best configuration by measuring", " ".join(["gcadvise tune", *words])),
    ]
