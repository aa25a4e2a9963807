"""Rules on metrics: StatsD without its logger, and Prometheus files of workers that have ended."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gunicorn_conf.place import Place
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_sure
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import ConfFile, Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import Literal, certain, possibilities

_OWN_LOGGERS = ("simple", "gunicorn.glogging.Logger", "egg:gunicorn#simple")
# prometheus_client reads both names (multiprocess.py; the lower-case one is deprecated).
_DIRECTORIES = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")


def statsd_without_logger(subject: Subject) -> Iterator[Problem]:
    """statsd_host is set, and a logger of one's own takes the place of the one that sends metrics.

    Metrics are sent by the logger ``gunicorn.instrument.statsd.Statsd``. Gunicorn uses it for statsd_host only where
    ``logger_class`` is its own; any other logger is used as it is, and unless it is made from Statsd nothing is sent.

    Mend it by making the logger from Statsd.

    Example::

        class Logger(gunicorn.glogging.Logger): ...              # before
        class Logger(gunicorn.instrument.statsd.Statsd): ...     # after

    Ignore it when the class is made from Statsd somewhere else.
    """
    host, logger = given(subject, "statsd_host"), given(subject, "logger_class")
    if host is None or logger is None or not is_sure(host) or not is_sure(logger):
        return
    value = certain(host.value)
    if value is None or not value[0]:
        return
    written = certain(logger.value)
    name = written[0] if written is not None and isinstance(written[0], str) else logger.text
    if not name or name in _OWN_LOGGERS or (written is not None and written[0] is None) or "statsd" in name.lower():
        return
    base = _base(subject.conf, name)
    if base is not None and "statsd" in base.lower():
        return
    own = base is not None and base.endswith("Logger")
    text = shown(name) if written is not None else logger.text.partition("\n")[0]
    yield Problem(
        message=f"statsd_host is set, and logger_class is {text}{f', made from {base}' if own else ''}: "
        f"{'no metrics are sent' if own else 'unless it is made from Statsd, no metrics are sent'}",
        place=logger.value_place,
        help="make the class from gunicorn.instrument.statsd.Statsd",
        setting="logger_class",
        severity=Severity.ERROR if own else None,
        confidence=None if own else Confidence.MEDIUM,
    )


def dead_workers_in_metrics(subject: Subject) -> Iterator[Problem]:
    """Metrics of Prometheus are shared through files, and nothing tells that a worker has ended.

    Each worker process writes files of its own into PROMETHEUS_MULTIPROC_DIR. Those of a worker that has ended stay:
    gauges with the mode "live..." still count it, and with max_requests or frequent restarts the directory grows, and
    each scrape with it.

    Mend it with the hook child_exit.

    Example::

        from prometheus_client import multiprocess

        def child_exit(server, worker):
            multiprocess.mark_process_dead(worker.pid)

    Ignore it when no gauges of a live mode are used and workers are never replaced.
    """
    conf = subject.conf
    if conf is not None and (conf.tree is None or conf.incomplete or _marks(conf)):
        return
    if subject.config.undecided is not None or given(subject, "child_exit") is not None:
        return
    place = _directory(subject)
    if place is None:
        return
    yield Problem(
        message="PROMETHEUS_MULTIPROC_DIR is set, and no hook child_exit calls mark_process_dead: the metrics of ended "
        "workers stay",
        place=place,
        help="call prometheus_client.multiprocess.mark_process_dead(worker.pid) in child_exit",
    )


def _base(conf: ConfFile | None, name: str) -> str | None:
    """What the class is made from, where the file defines it."""
    if conf is None or conf.tree is None:
        return None
    for node in conf.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name and node.bases:
            return ast.unparse(node.bases[0])
    return None


def _marks(conf: ConfFile) -> bool:
    if "mark_process_dead" in conf.text:
        return True
    return conf.function("child_exit") is not None or conf.name("child_exit") is not None


def _directory(subject: Subject) -> Place | None:
    """Where the variable is set."""
    conf, command = subject.conf, subject.command
    if command is not None and any(name in command.environment for name in _DIRECTORIES):
        return subject.place
    one = given(subject, "raw_env")
    if one is not None and any(_sets(value) for value in possibilities(one.value)):
        return one.value_place
    if conf is None or conf.tree is None or not any(name in conf.text for name in _DIRECTORIES):
        return None
    return next((Place(path=conf.path, line=line) for line in _assigned_lines(conf.tree)), None)


def _sets(value: Literal) -> bool:
    entries = value if isinstance(value, (list, tuple)) else [value]
    return any(isinstance(entry, str) and entry.partition("=")[0].strip() in _DIRECTORIES for entry in entries)


def _assigned_lines(tree: ast.Module) -> Iterator[int]:
    """Lines with ``os.environ["PROMETHEUS_MULTIPROC_DIR"] = ...`` or setdefault."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _is_directory(node.slice):
            yield node.lineno
        if isinstance(node, ast.Call) and _is_setter(node.func) and node.args and _is_directory(node.args[0]):
            yield node.lineno


def _is_setter(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in ("setdefault", "putenv")


def _is_directory(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in _DIRECTORIES


RULES = (
    Rule(
        code="GC706",
        name="statsd-without-logger",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=statsd_without_logger,
        evidence="gunicorn/config.py:180 (27.0.1); run: no packet arrives",
    ),
    Rule(
        code="GC708",
        name="dead-workers-in-metrics",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        check=dead_workers_in_metrics,
        evidence="github.com/prometheus/client_python, README, Multiprocess Mode; its issues 115 and 275",
    ),
)
