"""Rules on containers: an address that nobody outside reaches, and files that outlive their process."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.config import Assigned
from gunicorn_conf.rules.certainty import is_unset
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.given import given, rewrite, text_of, wrong
from gunicorn_conf.rules.reach import addresses, is_loopback
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Signals, Subject
from gunicorn_conf.rules.verdict import Verdict, shown
from gunicorn_conf.value import Literal

# File systems that a container gets anew at each start, where they are not volumes.
_ANEW = ("/dev/shm/", "/run/", "/var/run/")
# Files that say all that a container starts: a proxy beside Gunicorn would stand there.
_WHOLE = frozenset({"dockerfile", "compose", "kubernetes"})


def loopback_in_container(subject: Subject) -> Iterator[Problem]:
    """Gunicorn listens to its own container alone.

    127.0.0.1 within a container is the container itself. A published port, a service of Kubernetes, a load balancer and
    a proxy in another container come in by its network address, at which nobody listens: "connection refused", 502 or
    503. Gunicorn's default is 127.0.0.1:8000 unless PORT is set.

    Mend it by listening to 0.0.0.0.

    Example::

        bind = "127.0.0.1:8000"     # before
        bind = "0.0.0.0:8000"       # after

    Ignore it when the proxy runs in the same container or the same pod, or with the host's network
    (``network_mode: host``).
    """
    if not subject.deployment.container:
        return
    found = wrong(subject, "bind", _only_loopback)
    if found is not None:
        yield from _set_to_loopback(subject, *found)
    elif given(subject, "bind") is None:
        yield from _by_default(subject)


def _set_to_loopback(subject: Subject, one: Assigned, how: Verdict) -> Iterator[Problem]:
    command, deployment = subject.command, subject.deployment
    # In a pod other containers share 127.0.0.1, and a shell or a script may start a proxy beside Gunicorn.
    direct = command is None or (command.file_kind in _WHOLE and command.signals is Signals.DIRECT)
    alone = deployment.platform != "kubernetes" and direct
    yield Problem(
        message=f"bind {how.verb} {_text(how.example)}{how.condition}: nobody outside the container can connect"
        f"{'' if alone else ', unless a proxy runs beside Gunicorn'}",
        place=one.value_place,
        help="listen to 0.0.0.0",
        setting="bind",
        fix=_opened(one, how.example) if how.always else None,
        severity=how.severity if alone else Severity.WARNING,
        confidence=how.confidence if alone else Confidence.MEDIUM,
    )


def _by_default(subject: Subject) -> Iterator[Problem]:
    deployment, command = subject.deployment, subject.command
    unset = is_unset(subject, "bind")
    if unset is None or _sets_port(deployment.platform):
        return
    # Only a compose file or a manifest says which variables there will be; an image gets more when it is started.
    told = command is not None and command.file_kind == "compose"
    yield Problem(
        message="bind is not set, so that Gunicorn listens at 127.0.0.1:8000 unless PORT is set: nobody outside the "
        "container can connect",
        place=subject.place,
        help='set bind to "0.0.0.0:8000"',
        setting="bind",
        severity=None if told else Severity.WARNING,
        confidence=unset if told else Confidence.MEDIUM,
    )


def process_file_in_container(subject: Subject) -> Iterator[Problem]:
    """A pidfile lies where it outlives the container's process.

    It is removed at an orderly stop and stays after a kill or when memory runs out. In a container that starts again,
    or on a volume, another process may have the number by then, for numbers are small and start over: Gunicorn ends
    with "Already running on PID 7 (or pid file is stale)", at every further start too.

    Mend it by removing the setting: whoever runs the container knows the process. Where something reads the file, put
    it on a file system that is new at each start.

    Example::

        pidfile = "/app/gunicorn.pid"      # before
        # after: not set

    Ignore it when Gunicorn is process 1 of its container: it takes its own old number for its own.
    """
    path = text_of(subject, "pidfile")
    one = given(subject, "pidfile")
    if one is None or not path or not subject.deployment.container or path.startswith(_ANEW):
        return
    command = subject.command
    killed = command is not None and command.signals is Signals.BEHIND_SHELL
    if command is not None and command.signals is Signals.DIRECT and not command.wrappers:
        # Process 1, whose number is its own at each start.
        return
    yield Problem(
        message=f"pidfile {shown(path)} stays when the container is killed"
        + (", as it is at every stop behind a shell" if killed else "")
        + ", and keeps Gunicorn from starting again where another process has its number by then",
        place=one.place,
        help="remove pidfile, or put it in /run or /dev/shm",
        setting="pidfile",
        severity=None if killed else Severity.INFO,
    )


def _only_loopback(value: Literal) -> bool:
    read = [address for _, address in addresses(value)]
    return bool(read) and all(is_loopback(address) for address in read)


def _text(value: Literal) -> str:
    return shown(", ".join(text for text, _ in addresses(value)))


def _opened(one: Assigned, value: Literal) -> Fix | None:
    """Not safe: it opens to others what was closed."""
    hosts = {address.host for _, address in addresses(value)}
    host = hosts.pop() if len(hosts) == 1 else None
    if host is None or one.text.count(host) != 1 or ":" in host:
        return None
    return rewrite(one, one.text.replace(host, "0.0.0.0"), "listen to 0.0.0.0", safe=False)


def _sets_port(name: str | None) -> bool:
    from gunicorn_conf.platforms import PLATFORM_NAMES, platform

    return name in PLATFORM_NAMES and "PORT" in platform(str(name)).sets


RULES = (
    Rule(
        code="GC601",
        name="loopback-in-container",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=loopback_in_container,
        evidence="gunicorn/config.py, Bind (27.0.1): 127.0.0.1:8000 unless PORT is set; docs.docker.com, "
        "Port publishing",
    ),
    Rule(
        code="GC604",
        name="process-file-in-container",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=process_file_in_container,
        evidence="gunicorn/pidfile.py:20 and 66 (27.0.1); run; github.com/benoitc/gunicorn issue 3383",
    ),
)
