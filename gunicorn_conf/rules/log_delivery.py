"""Rules on what reaches the log: no requests at all, or every line twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gunicorn_conf.rules.certainty import is_unset
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_off
from gunicorn_conf.rules.logging_tree import UNKNOWN, logging_dictionary
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.value import Literal

# Any of these writes requests somewhere, or may do so.
_OTHER_WAYS = ("logconfig", "logconfig_dict", "logconfig_json", "syslog", "logger_class", "statsd_host")
# Platforms whose own start passes --access-logfile -.
_PASSES_ACCESS_LOG = frozenset({"heroku", "app-service"})
# gunicorn/glogging.py:47 (27.0.1, the same since 20.0): what CONFIG_DEFAULTS gives where the dictionary says nothing.
_OWN_LOGGERS: Mapping[Literal, Literal] = {
    "gunicorn.error": {"handlers": ["error_console"], "propagate": True},
    "gunicorn.access": {"handlers": ["console"], "propagate": True},
}
_OWN_ROOT: Mapping[Literal, Literal] = {"handlers": ["console"]}
_CONSOLE = frozenset({"console", "error_console"})


def requests_not_logged(subject: Subject) -> Iterator[Problem]:
    """Requests are not logged.

    Gunicorn writes no access log unless it is told where to: which request was slow, failed or came in too often cannot
    be told afterwards.

    Mend it with ``accesslog = "-"``, standard output; ``%(M)s`` in access_log_format is the time that a request took.

    Example::

        # before: accesslog not set
        accesslog = "-"     # after

    Ignore it when the proxy, the platform or the application logs requests. Where a proxy is known to be in front, and
    on Heroku (a Procfile) and App Service, nothing is reported.
    """
    deployment = subject.deployment
    if deployment.proxy or deployment.platform in _PASSES_ACCESS_LOG:
        return
    if subject.command is not None and subject.command.file_kind == "procfile":
        return
    unset = is_unset(subject, "accesslog")
    if unset is None:
        return
    if not all(given(subject, name) is None or is_off(subject, name) for name in _OTHER_WAYS):
        return
    conf = subject.conf
    if conf is not None and (conf.function("post_request") or conf.name("post_request")):
        return
    yield Problem(
        message="accesslog is not set, so that requests are not logged",
        place=subject.place,
        help='set accesslog to "-" for standard output',
        setting="accesslog",
        confidence=unset,
    )


def lines_twice(subject: Subject) -> Iterator[Problem]:
    """Every line of Gunicorn's log is written twice.

    Gunicorn lays logconfig_dict over its defaults, in which the loggers gunicorn.error and gunicorn.access write to the
    console themselves and also pass each line on ("propagate": True) to the root logger, which writes to the console
    again. Any dictionary switches that on, even one that only changes a format, unless it defines these loggers itself
    without propagation.

    Mend it by defining both loggers with "propagate": False.

    Example::

        logconfig_dict = {"version": 1, "formatters": {"generic": {...}}}     # before
        logconfig_dict = {                                                    # after
            "version": 1,
            "formatters": {"generic": {...}},
            "loggers": {
                "gunicorn.error": {"level": "INFO", "handlers": ["error_console"], "propagate": False},
                "gunicorn.access": {"level": "INFO", "handlers": ["console"], "propagate": False},
            },
        }

    Ignore it when the second line is dropped further on, or goes to another place on purpose.
    """
    one = given(subject, "logconfig_dict")
    config = logging_dictionary(subject, one) if one is not None else None
    if one is None or config is None or UNKNOWN in config or config.get("incremental", False) is not False:
        return
    doubled = [name for name in ("gunicorn.error", "gunicorn.access") if _is_doubled(config, name)]
    if not doubled:
        return
    each = "write each line themselves and pass" if len(doubled) > 1 else "writes each line itself and passes"
    yield Problem(
        message=f"with this logconfig_dict {' and '.join(doubled)} {each} it on to the root logger, "
        "which writes it again",
        place=one.value_place,
        help=f'define {" and ".join(doubled)} with "propagate": False',
        setting="logconfig_dict",
    )


def _is_doubled(config: Mapping[Literal, Literal], name: str) -> bool:
    loggers = config.get("loggers", _OWN_LOGGERS)
    if not isinstance(loggers, Mapping) or UNKNOWN in loggers:
        return False
    logger = loggers.get(name)
    # A logger between the two may end the passing on.
    if not isinstance(logger, Mapping) or "gunicorn" in loggers or logger.get("propagate") is not True:
        return False
    root = loggers.get("", config.get("root", _OWN_ROOT))
    if not isinstance(root, Mapping):
        return False
    own, above = _handlers(logger), _handlers(root)
    if not own or not above:
        return False
    return bool(own & above) or (_to_console(config, own) and _to_console(config, above))


def _handlers(logger: Mapping[Literal, Literal]) -> set[str]:
    named = logger.get("handlers", [])
    return {one for one in named if isinstance(one, str)} if isinstance(named, (list, tuple)) else set()


def _to_console(config: Mapping[Literal, Literal], names: set[str]) -> bool:
    handlers = config.get("handlers")
    if handlers is None:
        return not names.isdisjoint(_CONSOLE)
    if not isinstance(handlers, Mapping):
        return False
    made = (handlers.get(name) for name in names)
    return any(
        isinstance(handler, Mapping) and str(handler.get("class", "")).endswith(".StreamHandler") for handler in made
    )


RULES = (
    Rule(
        code="GC704",
        name="requests-not-logged",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=requests_not_logged,
        evidence="gunicorn/glogging.py:368 (27.0.1)",
    ),
    Rule(
        code="GC705",
        name="log-lines-twice",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=lines_twice,
        evidence='gunicorn/glogging.py:47 and 242 (27.0.1); run with {"version": 1}: each line on standard error and '
        "standard output, each request twice",
    ),
)
