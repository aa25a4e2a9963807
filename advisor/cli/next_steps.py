"""What to do after a recommendation, as commands that can be pasted."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from advisor.cli.options import origin
from advisor.facts import Origin
from advisor.sizing.plan import Plan
from advisor.workload.workload import Kind

# Flags that say what becomes of the recommendation, not what it is made from.
_ABOUT_OUTPUT = {"output_format", "output", "force", "verify", "app"}
# Flags that say what is requested where: of the app that is measured, else of the one that --verify starts.
_ABOUT_APP = {"path", "chdir"}
_USUAL_NAME = "gunicorn.conf.py"
# Words that a shell takes as they are (as in shlex, which is not worth its import).
_PLAIN_WORD = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


def next_steps(ctx: typer.Context, plan: Plan, written: Path | None, *, verified: bool) -> list[tuple[str, str]]:
    """What to do next, and the command for each; the commands repeat the flags that were given."""
    command = " ".join(["gcadvise", "recommend", *_given_flags(ctx, plan)])
    file = quoted(str(written or _USUAL_NAME))
    steps = [] if written else [("Write the file", f"{command} -o {file}")]
    if not verified:
        where = "on the app" if ctx.params.get("target") else "on the sample app"
        steps.append((f"See it serve, here and {where}", f"{command} --verify"))
    if plan.measured is not None and ctx.params.get("target"):
        steps.append(("Let measured runs decide", f"gcadvise tune {' '.join(plan.measured.arguments)}"))
    if plan.host.platform.value == "app-service":
        return [*steps, *_on_app_service(ctx, plan)]
    app = "MODULE:APP" if plan.measured is None else quoted(plan.measured.app)
    return [*steps, ("Start it", f"gunicorn -c {file} {app}")]


def _on_app_service(ctx: typer.Context, plan: Plan) -> list[tuple[str, str]]:
    what = "Make the startup script, and see how to set it and what the platform does with it"
    if plan.measured is not None and ctx.params.get("target"):  # startup measures nothing itself
        measure = " ".join(plan.measured.arguments)
        return [
            ("Save what was measured", f"gcadvise profile {measure}"),
            (what, f"gcadvise startup app-service {quoted(plan.measured.app)} --profile profile.json -o ."),
        ]
    words = " ".join(_given_flags(ctx, plan, besides=("platform",)))
    return [(what, f"gcadvise startup app-service {words} -o .")]


def quoted(word: str) -> str:
    """A word as a shell reads it."""
    return word if _PLAIN_WORD.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'"


def _given_flags(ctx: typer.Context, plan: Plan, *, besides: tuple[str, ...] = ()) -> list[str]:
    kinds = {f"--{kind.value}" for kind in Kind}
    target = ctx.params.get("target")
    words = [f"--{plan.workload.kind.value}"] if plan.choice is None else []
    words += [quoted(str(target))] if target else []
    left_out = {"target", *_ABOUT_OUTPUT, *besides, *(() if target else _ABOUT_APP)}
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name in left_out or origin(ctx, name) is not Origin.FLAG or kinds & set(parameter.opts):
            continue
        value = ctx.params.get(name)
        if isinstance(value, bool):
            words += parameter.opts[:1] if value else parameter.secondary_opts[:1]
        elif isinstance(value, (list, tuple)):
            words += [word for one in value for word in (parameter.opts[0], quoted(str(one)))]
        elif value is not None:
            words += [parameter.opts[0], quoted(str(value))]
    return words
