"""Proves a plan: starts exactly the file that was recommended, fills its slots, and counts what is served at once."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from advisor.facts import Origin
from advisor.host.host import Host
from advisor.measure.burst import DEFAULT_TIMEOUT_SECONDS, MOST_REQUESTS
from advisor.measure.check import check_concurrency
from advisor.measure.concurrency import ConcurrencyResult
from advisor.measure.server_spec import ServerSpec, own_environment
from advisor.sizing.demand import rule_workers
from advisor.sizing.memory import USABLE_SHARE, plan_bytes
from advisor.sizing.plan import Plan
from advisor.units import MIB, count, show_bytes
from gunicorn_conf.errors import BadInput

# A request must outlast the sending of all of them: a second, and 10 ms more for each, since sending one takes a
# few milliseconds of a CPU that the server needs too.
BASE_WAIT_SECONDS = 1.0
WAIT_PER_REQUEST_SECONDS = 0.01
# The plain rule serves the same requests in many waves; it gets only as many as take this long.
RULE_SECONDS = 10.0
# What a worker with the sample app really needs (measured as USS: 16 to 20 MiB; some more for safety).
SAMPLE_WORKER_BYTES = 30 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What the recommended configuration served, beside the plain rule."""

    planned: ConcurrencyResult
    rule: ConcurrencyResult | None
    """(2 × cores) + 1 sync workers; None when that is the plan."""
    path: str
    app: str | None
    """The user's app; None for the sample app."""
    notes: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether as many requests were served at once as there are slots."""
        return self.planned.kept is True


def verify(
    plan: Plan,
    conf: str,
    *,
    this_machine: Host,
    app: str | None,
    path: str | None,
    chdir: Path | None,
    progress: Callable[[str], None],
) -> Verification:
    """Start ``conf``, the text of the plan's file, and send as many requests at once as it has slots.

    ``app`` (``module:variable`` in ``chdir``) is requested at ``path``; without it the sample app waits. Raises
    BadInput when this machine cannot hold the plan, ServerFailed when Gunicorn does not start.
    """
    _check_room(plan, this_machine, app)
    requests = min(plan.slots, MOST_REQUESTS)
    wait = BASE_WAIT_SECONDS + WAIT_PER_REQUEST_SECONDS * requests
    asked = path or ("/" if app else f"/io?seconds={wait:.2g}")
    python = _python(plan.host, app)
    directory = (chdir or Path()).absolute() if app else None

    def check(name: str, text: str, number: int) -> ConcurrencyResult:
        with tempfile.TemporaryDirectory(prefix="gcadvise-") as folder:
            config = Path(folder, "gunicorn.conf.py")
            config.write_text(text, encoding="utf-8")
            spec = ServerSpec(python=python, app=app, config=config, chdir=directory, environment=own_environment())
            return check_concurrency(
                spec, path=asked, requests=number, timeout_seconds=DEFAULT_TIMEOUT_SECONDS, name=name, progress=progress
            )

    planned = check("recommended", conf, requests)
    return Verification(
        planned=planned,
        rule=_beside_the_rule(plan, requests, wait, check),
        path=asked,
        app=app,
        notes=tuple(_notes(plan, planned)),
    )


def _beside_the_rule(
    plan: Plan, requests: int, wait: float, check: Callable[[str, str, int], ConcurrencyResult]
) -> ConcurrencyResult | None:
    workers = rule_workers(plan.host.cpus.value or 1.0)
    if plan.threads == 1 and plan.workers == workers:
        return None
    most = max(1, int(RULE_SECONDS / wait)) * workers
    return check("plain rule", f'workers = {workers}\nworker_class = "sync"\n', min(requests, most))


def _python(host: Host, app: str | None) -> str:
    """The user's Python for the user's app, or where one was named; our own, which has the sample app's Flask, else."""
    named = host.python.value
    if named is not None and (app or host.python.origin is not Origin.DETECTED):
        return named.path
    return sys.executable


def _check_room(plan: Plan, this_machine: Host, app: str | None) -> None:
    memory = this_machine.memory_bytes.value
    each = (plan.workload.worker_memory_bytes.value or 0) if app else SAMPLE_WORKER_BYTES
    needed = plan_bytes(plan.workers, plan.threads, each)
    if memory is not None and needed > USABLE_SHARE * memory:
        raise BadInput(
            "the plan cannot be verified on this machine",
            why=f"{count(plan.workers, 'worker')} need about {show_bytes(needed)}, and it has {show_bytes(memory)}",
            hint="run with --verify on the machine that the plan is for",
        )


def _notes(plan: Plan, planned: ConcurrencyResult) -> list[str]:
    notes = []
    if plan.slots > planned.requests:
        notes.append(
            f"{planned.requests:,} requests were sent, not {plan.slots:,}: more cannot be sent at once from here"
        )
    used = planned.settings.gunicorn if planned.settings else None
    wanted = plan.host.gunicorn.value
    if used is not None and wanted is not None and used != wanted:
        notes.append(f"verified with Gunicorn {used}; the plan is for {wanted}")
    if plan.host.described:
        notes.append("verified on this machine, not on the one that was described: slots are proved, not speed")
    return notes
