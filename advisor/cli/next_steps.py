"""What to do after a recommendation, as commands that can be pasted."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from advisor.cli.options import origin
from advisor.facts import Origin
from advisor.sizing.plan import Plan

# Flags that say what becomes of the recommendation, not what it is made from.
_ABOUT_OUTPUT = {"output_format", "output", "force", "verify", "app", "path", "chdir"}
_USUAL_NAME = "gunicorn.conf.py"
# Words that a shell takes as they are (as in shlex, which is not worth its import).
_PLAIN_WORD = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


def next_steps(ctx: typer.Context, plan: Plan, written: Path | None, *, verified: bool) -> list[tuple[str, str]]:
    """What to do next, and the command for each; the commands repeat the flags that were given."""
    command = " ".join(["gcadvise", "recommend", *_given_flags(ctx, plan)])
    file = quoted(str(written or _USUAL_NAME))
    steps = [] if written else [("Write the file", f"{command} -o {file}")]
    if not verified:
        steps.append(("See it serve, here and on the sample app", f"{command} --verify"))
    if plan.host.platform.value == "app-service":
        words = " ".join(_given_flags(ctx, plan, besides=("platform",)))
        return [
            *steps,
            (
                "Make the startup script, and see how to set it and what the platform does with it",
                f"gcadvise startup app-service {words} -o .",
            ),
        ]
    return [*steps, ("Start it", f"gunicorn -c {file} MODULE:APP")]


def quoted(word: str) -> str:
    """A word as a shell reads it."""
    return word if _PLAIN_WORD.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'"


def _given_flags(ctx: typer.Context, plan: Plan, *, besides: tuple[str, ...] = ()) -> list[str]:
    kind = f"--{plan.workload.kind.value}"
    words = [kind]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name in _ABOUT_OUTPUT or name in besides or origin(ctx, name) is not Origin.FLAG or kind in parameter.opts:
            continue
        value = ctx.params.get(name)
        if isinstance(value, bool):
            words += parameter.opts[:1] if value else parameter.secondary_opts[:1]
        elif value is not None:
            words += [parameter.opts[0], quoted(str(value))]
    return words
