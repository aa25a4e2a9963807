"""Rules on the database: what the workers ask of it at once."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import Amount, amount, count, set_number
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_kind import WorkerKind, worker_kind

# The setting that makes several slots of one worker, for those that can have several.
_MAKES_SLOTS = {WorkerKind.THREADS: "threads", WorkerKind.GREENLETS: "worker_connections"}


@depends_on("worker_class", "workers", "threads", "worker_connections")
def slots_above_database(subject: Subject) -> Iterator[Problem]:
    """More requests can be served at once than the database has connections for.

    A request that finds no connection fails or waits, at the very moment at which the load is highest. Each slot of
    each worker holds a connection of its own while it works, and pools are per worker: they do not share.

    Mend it with fewer slots, a connection pool in front of the database (such as PgBouncer), or a higher limit there.

    Example::

        workers = 9
        threads = 16                   # before: 144 slots for 100 connections
        threads = 11                   # after: 99

    Ignore it when only few requests use the database. The limit is what you give with ``--max-db-connections``.
    """
    limit, workers = subject.deployment.max_db_connections, amount(subject, "workers")
    kind, each = worker_kind(subject.config), _slots_per_worker(subject)
    if limit is None or workers is None or kind is None or each is None or workers.least * each.least <= limit:
        return
    slots = count(workers.least, "worker")
    if kind is not WorkerKind.SYNC:
        noun = "thread" if kind is WorkerKind.THREADS else "connection"
        slots += f" × {count(each.least, noun)} = {count(workers.least * each.least, 'slot')}"
    setting = _MAKES_SLOTS.get(kind, "workers")
    yield Problem(
        message=f"{slots} for {count(limit, 'database connection')}",
        place=place_of(subject, setting, "workers"),
        help=f"lower it to {limit:,} or fewer, or pool connections in front of the database",
        setting=setting,
        confidence=Confidence.MEDIUM if kind is WorkerKind.GREENLETS else None,
    )


def _slots_per_worker(subject: Subject) -> Amount | None:
    """How many requests a worker serves at once; None where it has no bound or that is not known."""
    match worker_kind(subject.config):
        case WorkerKind.SYNC:
            return Amount(1, 1)
        case WorkerKind.THREADS:
            threads, connections = amount(subject, "threads"), set_number(subject.config, "worker_connections")
            if threads is None or connections is None:
                return threads
            return Amount(min(threads.least, connections), min(threads.most, connections))
        case WorkerKind.GREENLETS:
            return amount(subject, "worker_connections")
        case _:
            return None


RULES = (
    Rule(
        code="GC216",
        name="slots-above-database",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=slots_above_database,
        evidence='arithmetic; PostgreSQL answers "sorry, too many clients already" above max_connections',
    ),
)
