"""Rules on the logconfig settings: incomplete dictionaries, two at once, files of the wrong kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gunicorn_conf.config import Assigned
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_on, text_of
from gunicorn_conf.rules.logging_tree import UNKNOWN, logging_dictionary
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.settings import supports
from gunicorn_conf.value import Literal

# What Gunicorn's own CONFIG_DEFAULTS name: gunicorn/glogging.py:47 (27.0.1; the same since 20.0).
_HANDLERS = frozenset({"console", "error_console"})
_FORMATTERS = frozenset({"generic"})
_USED_BY_DEFAULT: Mapping[str, tuple[str, ...]] = {
    "gunicorn.error": ("error_console",),
    "gunicorn.access": ("console",),
    "root": ("console",),
}
# Strongest first: gunicorn/glogging.py:241, Logger.setup.
_PRIORITY = ("logconfig_dict", "logconfig_json", "logconfig")
_NOT_INI = (".json", ".yaml", ".yml", ".toml", ".py")


def incomplete_dictionary(subject: Subject) -> Iterator[Problem]:
    """logconfig_dict names a handler or formatter that is not there when it is merged with Gunicorn's own.

    Gunicorn lays the dictionary over its defaults key by key: "handlers" replaces all of Gunicorn's handlers, console
    and error_console, and Gunicorn's loggers still name them unless "loggers" is replaced as well. The same holds for
    "formatters" and the formatter generic. Gunicorn ends at start with "Unable to configure logger".

    Mend it by defining the loggers gunicorn.error and gunicorn.access and "root" as well, or by keeping the names
    console and error_console.

    Example::

        logconfig_dict = {"version": 1, "handlers": {"file": {...}}}     # before
        logconfig_dict = {                                               # after
            "version": 1,
            "handlers": {"file": {...}},
            "root": {"handlers": ["file"]},
            "loggers": {"gunicorn.error": {"handlers": ["file"]}, "gunicorn.access": {"handlers": ["file"]}},
        }

    Ignore it when code further down in the file completes the dictionary in a way that was not understood.
    """
    one = given(subject, "logconfig_dict")
    config = logging_dictionary(subject, one) if one is not None else None
    if one is None or config is None or config.get("incremental", False) is not False:
        return
    handlers = _keys(config, "handlers", _HANDLERS)
    for user, missing in _missing_handlers(config, handlers):
        own = missing in _HANDLERS and user in _USED_BY_DEFAULT and not _defined(config, user)
        why = f'"handlers" replaces Gunicorn\'s, and {user} still uses {missing}' if own else f"{user} uses {missing}"
        yield _incomplete(one, f"{why}, a handler that is not defined", f"define {missing}, or handlers for {user}")
        return
    formatters = _keys(config, "formatters", _FORMATTERS)
    for handler, missing in _missing_formatters(config, formatters):
        yield _incomplete(
            one, f"the handler {handler} uses {missing}, a formatter that is not defined", f"define {missing}"
        )
        return


def silenced_by_dictionary(subject: Subject) -> Iterator[Problem]:
    """logconfig_dict disables existing loggers and does not define Gunicorn's own.

    Gunicorn's loggers exist already when the dictionary is applied. With ``"disable_existing_loggers": True`` and
    "loggers" that lack gunicorn.error or gunicorn.access, that log falls silent: no starts, no timeouts, no crashes of
    workers.

    Mend it with False, which is what Gunicorn's defaults have, or by defining both loggers.

    Example::

        logconfig_dict = {"disable_existing_loggers": True, "loggers": {}}      # before
        logconfig_dict = {"disable_existing_loggers": False, "loggers": {}}     # after

    Ignore it when Gunicorn is to be silent.
    """
    one = given(subject, "logconfig_dict")
    config = logging_dictionary(subject, one) if one is not None else None
    if one is None or config is None or config.get("disable_existing_loggers") is not True:
        return
    loggers = config.get("loggers")
    if not isinstance(loggers, dict) or UNKNOWN in loggers:
        return
    # A defined parent keeps the loggers below it.
    silent = [
        name for name in ("gunicorn.error", "gunicorn.access") if name not in loggers and "gunicorn" not in loggers
    ]
    if silent:
        yield Problem(
            message=f"logconfig_dict disables existing loggers and does not define {' and '.join(silent)}:"
            " nothing more is logged there",
            place=one.value_place,
            help='set "disable_existing_loggers" to False',
            setting="logconfig_dict",
        )


def two_configurations(subject: Subject) -> Iterator[Problem]:
    """Two of logconfig_dict, logconfig_json and logconfig are set; only one counts.

    Gunicorn takes logconfig_dict before logconfig_json before logconfig, and does not look at the others.

    Mend it by keeping one.

    Example::

        logconfig = "logging.ini"                       # before: ignored
        logconfig_dict = {"version": 1, "root": {}}     # after: this one alone

    Ignore it when the weaker one is meant for releases that lack the stronger (logconfig_json came with 21.0.0).
    """
    counting = [name for name in _PRIORITY if supports(name, subject.release) and is_on(subject, name)]
    for name in counting[1:]:
        one = given(subject, name)
        if one is not None:
            yield Problem(
                message=f"{name} is silently ignored, because {counting[0]} is set as well",
                place=one.place,
                help=f"remove {name} or {counting[0]}",
                setting=name,
            )


def not_an_ini_file(subject: Subject) -> Iterator[Problem]:
    """logconfig names a JSON, YAML, TOML or Python file, and is read as an INI file.

    Gunicorn hands the file to ``logging.config.fileConfig``, which only reads INI files: it ends at start.

    Mend it with logconfig_json for JSON (since 21.0.0), or load the file in the configuration and set logconfig_dict.

    Example::

        logconfig = "logging.json"          # before
        logconfig_json = "logging.json"     # after

    Ignore it when the file is an INI file all the same.
    """
    path = text_of(subject, "logconfig")
    one = given(subject, "logconfig")
    if path is None or one is None or not path.lower().endswith(_NOT_INI):
        return
    if any(supports(name, subject.release) and is_on(subject, name) for name in _PRIORITY[:2]):
        return
    json = path.lower().endswith(".json") and supports("logconfig_json", subject.release)
    yield Problem(
        message=f"logconfig is {shown(path)}, and Gunicorn reads it as an INI file: it ends at start",
        place=one.value_place,
        help="use logconfig_json" if json else "load the file in the configuration file and set logconfig_dict",
        setting="logconfig",
    )


def _incomplete(one: Assigned, message: str, what_to_do: str) -> Problem:
    return Problem(
        message=f"in logconfig_dict {message}: Gunicorn ends at start",
        place=one.value_place,
        help=what_to_do,
        setting="logconfig_dict",
    )


def _keys(config: Mapping[Literal, Literal], name: str, defaults: frozenset[str]) -> frozenset[Literal] | None:
    """The names that are defined; None where they are not all known."""
    if name not in config:
        return defaults
    part = config[name]
    return frozenset(part) if isinstance(part, dict) and UNKNOWN not in part else None


def _defined(config: Mapping[Literal, Literal], logger: str) -> bool:
    loggers = config.get("loggers")
    return "root" in config if logger == "root" else isinstance(loggers, dict) and logger in loggers


def _missing_handlers(
    config: Mapping[Literal, Literal], handlers: frozenset[Literal] | None
) -> Iterator[tuple[str, str]]:
    if handlers is None or UNKNOWN in config:
        return
    for user, used in _users(config):
        for handler in used:
            if isinstance(handler, str) and handler not in handlers:
                yield user, handler


def _users(config: Mapping[Literal, Literal]) -> Iterator[tuple[str, tuple[Literal, ...]]]:
    """Each logger that is configured in the end, with the handlers that it names."""
    loggers = config.get("loggers", ...)
    if isinstance(loggers, dict):
        for name, logger in loggers.items():
            yield str(name), _named(logger, "handlers")
    elif loggers is ...:
        yield from ((name, used) for name, used in _USED_BY_DEFAULT.items() if name != "root")
    if "root" in config:
        yield "root", _named(config["root"], "handlers")
    else:
        yield "root", _USED_BY_DEFAULT["root"]


def _missing_formatters(
    config: Mapping[Literal, Literal], formatters: frozenset[Literal] | None
) -> Iterator[tuple[str, str]]:
    if formatters is None or UNKNOWN in config:
        return
    handlers = config.get("handlers", ...)
    if handlers is ...:
        if "generic" not in formatters:
            yield "console", "generic"
    elif isinstance(handlers, dict):
        for name, handler in handlers.items():
            formatter = handler.get("formatter") if isinstance(handler, dict) else None
            if isinstance(formatter, str) and formatter not in formatters:
                yield str(name), formatter


def _named(part: Literal, key: str) -> tuple[Literal, ...]:
    found = part.get(key) if isinstance(part, dict) else None
    return tuple(found) if isinstance(found, (list, tuple)) else ()


RULES = (
    Rule(
        code="GC161",
        name="logconfig-dict-incomplete",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=incomplete_dictionary,
        evidence="gunicorn/glogging.py:241 (27.0.1); run: exit code 1, gunicorn --check-config exits 0; #2250",
    ),
    Rule(
        code="GC162",
        name="two-log-configurations",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=two_configurations,
        evidence="gunicorn/glogging.py:241 to 273 (27.0.1)",
    ),
    Rule(
        code="GC168",
        name="logconfig-not-ini",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=not_an_ini_file,
        evidence="gunicorn/glogging.py:273 (27.0.1); run: a JSON file ends with exit code 1",
    ),
    Rule(
        code="GC169",
        name="logconfig-dict-silences-gunicorn",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=silenced_by_dictionary,
        evidence="Python's logging.config.dictConfig; run: nothing is logged after the dictionary is applied (27.0.1)",
    ),
)
