"""Turns what was typed for ``compare`` into servers to start: files, Gunicorn's arguments, and gcadvise's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from typer.core import TyperCommand

from advisor.cli import options, plan_input
from advisor.cli.server_options import served_python, server_spec, serves_sample_app
from advisor.facts import Origin
from advisor.workload.workload import Kind
from gunicorn_conf.errors import BadInput

if TYPE_CHECKING:
    import typer
    from typer._click.core import Context  # a type alone; Typer has no public name for it

    from advisor.measure.bench.candidates import Form, Wanted
    from advisor.measure.bench.trial import Candidate
    from advisor.measure.server_spec import ServerSpec


class QuotedArguments(TyperCommand):
    """A command whose arguments may begin with a dash, as ``'-w 4 --threads 8'`` does."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Let words with a space in them, and options of Gunicorn's own, pass as arguments: a space hides the dash."""
        own = {option for parameter in self.params for option in parameter.opts} | set(ctx.help_option_names)
        end = args.index("--") if "--" in args else len(args)
        hidden = [f" {word}" if _is_for_gunicorn(word, own) else word for word in args[:end]]
        return super().parse_args(ctx, hidden + args[end:])


def _is_for_gunicorn(word: str, own: set[str]) -> bool:
    if len(word) < 2 or not word.startswith("-"):
        return False
    if " " in word:
        return True
    option = word.partition("=")[0]
    if option in own or (not word.startswith("--") and word[:2] in own):
        return False
    from gunicorn_conf.settings import settings

    known = {flag for setting in settings().values() for flag in setting.flags}
    return option in known or (not word.startswith("--") and word[:2] in known)


def servers(
    wanted: tuple[Wanted, ...],
    *,
    app: str | None,
    chdir: Path | None,
    python: str | None,
    texts: Mapping[Form, str],
    folder: Path,
) -> tuple[tuple[Candidate, ...], bool]:
    """The servers to start, all in one Python and one directory; and whether they serve the sample app.

    Raises BadInput when the app, the directory or the Python cannot be used.
    """
    from advisor.measure.bench.candidates import Form, make_candidates

    users_own = app is not None or any(one.form is Form.FILE or one.names_an_app for one in wanted)
    common = served_python(python, users_own=users_own)

    def server(config: Path | None, arguments: tuple[str, ...]) -> ServerSpec:
        directory = chdir or Path.cwd()
        return replace(server_spec(list(arguments), config, app, directory, common), python=common)

    made = make_candidates(wanted, server=server, texts=texts, folder=folder)
    specs = [server(one.config, one.arguments) for one in wanted if one.form in (Form.FILE, Form.ARGUMENTS)]
    return made, app is None and all(map(serves_sample_app, specs))


def own_texts(
    ctx: typer.Context,
    wanted: tuple[Wanted, ...],
    *,
    kinds: dict[Kind, bool],
    wait_ratio: float | None,
    profile: Path | None,
    cpus: str | None,
    memory: str | None,
    python: str | None,
    keep_alive: bool,
) -> dict[Form, str]:
    """The configurations that ``recommended``, ``rule`` and ``default`` stand for, so far as they are wanted.

    Raises BadInput when the kind of workload is missing for ``recommended``, or given without it.
    """
    from advisor.measure.bench.candidates import Form, rule_conf

    forms = {one.form for one in wanted}
    texts: dict[Form, str] = {}
    if Form.DEFAULT in forms:
        texts[Form.DEFAULT] = ""
    if Form.RULE in forms:
        texts[Form.RULE] = rule_conf(_cpus(ctx, cpus))
    if Form.RECOMMENDED in forms:
        texts[Form.RECOMMENDED] = _recommended(
            ctx, kinds, wait_ratio, profile, cpus=cpus, memory=memory, python=python, keep_alive=keep_alive
        )
        return texts
    given = [f"--{kind.value}" for kind, chosen in kinds.items() if chosen and _by_flag(ctx, kind.value)]
    given += ["--wait-ratio"] if wait_ratio is not None and _by_flag(ctx, "wait-ratio") else []
    if given:
        raise BadInput(
            f"{given[0]} goes with recommended alone",
            why="none of the other configurations depends on the workload",
            hint="add recommended to what is compared, or leave it out",
        )
    return texts


def _by_flag(ctx: typer.Context, name: str) -> bool:
    return options.origin(ctx, name.replace("-", "_")) is Origin.FLAG


def _cpus(ctx: typer.Context, cpus: str | None) -> float:
    from advisor.host.detect import detect

    given = options.host_overrides(ctx, cpus=cpus, memory=None, platform=None, sku=None, python=None)
    return detect(overrides=given).cpus.value or 1.0


def _recommended(
    ctx: typer.Context,
    kinds: dict[Kind, bool],
    wait_ratio: float | None,
    profile: Path | None,
    *,
    cpus: str | None,
    memory: str | None,
    python: str | None,
    keep_alive: bool,
) -> str:
    from advisor.report.recommend_conf import recommend_conf
    from advisor.sizing.constraints import DEFAULT_MAX_THREADS

    plan = plan_input.make_plan(
        ctx,
        kinds=kinds,
        wait_ratio=wait_ratio,
        response_time=None,
        rate=None,
        concurrency=None,
        worker_memory=None,
        memory_share=1.0,
        max_db_connections=None,
        max_threads=DEFAULT_MAX_THREADS,
        thread_safe=None,
        max_requests=None,
        preload=False,
        cpus=cpus,
        memory=memory,
        platform=None,
        sku=None,
        python=python,
        gunicorn_version=None,
        profile=plan_input.given_profile(profile),
        clients_keep_alive=keep_alive,  # it is recommended for the load that it gets
    )
    constraints = plan_input.make_constraints(
        memory_share=1.0,
        max_db_connections=None,
        max_threads=DEFAULT_MAX_THREADS,
        max_requests=None,
        preload=False,
    )
    return recommend_conf(plan, constraints)
