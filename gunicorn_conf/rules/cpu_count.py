"""Rules on CPUs: workers for CPUs that a container does not have, threads for work that needs the CPU alone."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gunicorn_conf.rules.certainty import depends_on
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import place_of
from gunicorn_conf.rules.numbers import MANY_CPUS, amount, count, cpus, whole
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.value import OneOf, PerHost, Value

# A common size of a Kubernetes node or a container host.
_HOST_CPUS = 64
_SHOWN_CHARACTERS = 60


@depends_on("workers", unsure=Severity.INFO)
def workers_from_cpu_count(subject: Subject) -> Iterator[Problem]:
    """The number of workers is computed from the machine's CPUs, which a container does not have.

    ``cpu_count()`` and ``nproc`` see the CPUs of the host, or those that the process may run on; a CPU limit of a
    container is a share of time, which they do not see. With a limit of 2 CPUs on a host of 64,
    ``cpu_count() * 2 + 1`` starts 129 workers: they take the memory of 129 and share the time of 2.

    Mend it by giving the number from outside, or by a number.

    Example::

        workers = cpu_count() * 2 + 1                           # before: 129 on a host of 64 CPUs
        workers = int(os.environ.get("WEB_CONCURRENCY", "5"))   # after

    Ignore it when the container has no CPU limit and the host to itself. Where it is not known whether there is a
    container this is for information; ``--platform`` and ``--cpus`` say more.
    """
    one = subject.config.get("workers")
    deployment = subject.deployment
    if one is None or deployment.container is False:
        return
    found = _unbounded(one.value)
    if found is None:
        return
    there = whole(found.at(_HOST_CPUS))
    if there is None:
        return
    budget = ""
    wanted = None
    if deployment.cpus is not None:
        budget = f" for {cpus(deployment.cpus)}"
        wanted = whole(found.at(max(1, math.ceil(deployment.cpus))))
    where = f"set {one.variables[0]} where it runs" if one.variables else "take the number from WEB_CONCURRENCY"
    in_container = "in a container " if deployment.container else "if it runs in a container, "
    yield Problem(
        message=f"{in_container}{_shown(found)} counts the CPUs of the host and not its CPU limit: "
        f"{count(there, 'worker')} on a host of {cpus(_HOST_CPUS)}{budget}",
        place=one.value_place,
        help=f"{where}, or write {'a number' if wanted is None else wanted}",
        setting="workers",
        severity=None if deployment.container and not one.variables else Severity.INFO,
        confidence=None if deployment.container else Confidence.MEDIUM,
    )


def _unbounded(value: Value) -> PerHost | None:
    """The possibility that grows with the machine without an end; None where there is none."""
    if isinstance(value, OneOf):
        return next((one for one in map(_unbounded, value.values) if one is not None), None)
    if not isinstance(value, PerHost):
        return None
    large, larger = whole(value.at(_HOST_CPUS)), whole(value.at(MANY_CPUS))
    return value if large is not None and larger is not None and larger > large else None


def _shown(found: PerHost) -> str:
    return found.expression if len(found.expression) <= _SHOWN_CHARACTERS else "the number of workers"


@depends_on("worker_class", "threads")
def threads_on_cpu_bound(subject: Subject) -> Iterator[Problem]:
    """Threads are configured for work that needs the CPU alone.

    Python runs one thread of a process at a time (the GIL). Threads help where requests wait, for a database or
    another service; where they compute, they only take turns and pay for it: on 2 CPUs a handler that computes fell
    from 1,780 requests/s with 2 workers to 715 with 2 workers × 4 threads.

    Mend it with one thread a worker and about one worker a CPU.

    Example::

        workers = 2
        threads = 4                    # before, on 2 CPUs with --cpu-bound
        threads = 1                    # after

    Ignore it when the computing happens in code that releases the GIL (NumPy, image or compression libraries), on
    Python without a GIL, or when threads are there for long idle connections.
    """
    threads = amount(subject, "threads")
    if not subject.deployment.cpu_bound or subject.config.worker_class != "gthread":
        return
    if threads is None or threads.least < 2:
        return
    budget = subject.deployment.cpus
    workers = f"about {count(max(1, math.ceil(budget)), 'worker')}" if budget is not None else "about one worker a CPU"
    yield Problem(
        message="the work was declared CPU-bound, and the "
        f"{count(threads.least, 'thread')} of a worker take turns on one CPU",
        place=place_of(subject, "threads"),
        help=f"set threads = 1 and {workers}",
        setting="threads",
    )


RULES = (
    Rule(
        code="GC210",
        name="workers-from-cpu-count",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=workers_from_cpu_count,
        evidence="github.com/benoitc/gunicorn issues 2028 and 2877; docker run --cpus=2 does not change os.cpu_count()",
    ),
    Rule(
        code="GC212",
        name="threads-on-cpu-bound",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=threads_on_cpu_bound,
        evidence="measured on 2 CPUs, Gunicorn 27.0.1: 1,780 requests/s with 2 workers, 715 with 2 workers × 4 threads",
    ),
)
