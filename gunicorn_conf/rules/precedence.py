"""Rules on settings that are given several times, where only the last or the strongest counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.settings import SettingType, setting, settings
from gunicorn_conf.value import Literal, certain

# Options that may be repeated, because each adds to a list (gunicorn/config.py, action = "append").
_APPENDING = frozenset({"bind", "dirty_apps", "raw_env", "raw_paste_global_conf", "reload_extra_files"})
# They choose how the rest is read, or end Gunicorn before it serves.
_NOT_COMPARED = frozenset({"check_config", "config", "print_config"})
# What people look at last: the further right, the stronger.
_WRITTEN = (Source.FILE, Source.CMD_ARGS, Source.COMMAND_LINE)
_THREADS_IN_NAME = re.compile(r"thread", re.IGNORECASE)


def list_replaced(subject: Subject) -> Iterator[Problem]:
    """A list, such as raw_env, is given in two places, and the stronger place replaces the other's entries.

    Options like ``--env`` and ``--bind`` may be repeated and add up, but only within one place: those of the command
    line replace the list of GUNICORN_CMD_ARGS, and both replace that of the file. Entries that stand only in the weaker
    place are lost without a word.

    Mend it by keeping the whole list in one place.

    Example::

        # gunicorn.conf.py
        raw_env = ["A=1"]
        # before: gunicorn -c gunicorn.conf.py -e B=2 app:app              sets only B
        # after:  gunicorn -c gunicorn.conf.py -e A=1 -e B=2 app:app

    Ignore it when the command is meant to replace the list, as it often is for bind, of which this rule says less
    loudly.
    """
    for name in sorted(_APPENDING):
        for weaker, stronger in _overruled(subject, name):
            lost = [entry for entry in _entries(weaker) if entry not in _entries(stronger)]
            if not lost:
                continue
            entries = ", ".join(shown(entry) for entry in lost)
            yield Problem(
                message=f"{name} of {_called(weaker.source)} is replaced, not extended, by that of "
                f"{_called(stronger.source)}: {entries} {'is' if len(lost) == 1 else 'are'} lost",
                place=weaker.value_place,
                help=f"keep the whole list in one place; the other is at {stronger.place}",
                setting=name,
                severity=Severity.INFO if name == "bind" else None,
            )


def overruled_setting(subject: Subject) -> Iterator[Problem]:
    """A setting has different values in two places, and only the stronger one counts.

    GUNICORN_CMD_ARGS overrules the configuration file, and the command line overrules both. Whoever changes the weaker
    place sees no effect.

    Mend it by keeping the setting in one place.

    Example::

        # gunicorn.conf.py: workers = 2
        # before: gunicorn -c gunicorn.conf.py -w 4 app:app       runs 4 workers
        # after:  gunicorn -c gunicorn.conf.py app:app

    Ignore it when the file holds defaults that commands are meant to overrule. It is a warning only where
    GUNICORN_CMD_ARGS overrules the file, which surprises those who know variables as the weakest place.
    """
    for name in dict.fromkeys(one.name for one in subject.config.assigned):
        if name in _APPENDING or name in _NOT_COMPARED or name not in settings():
            continue
        for weaker, stronger in _overruled(subject, name):
            mine, other = certain(weaker.value), certain(stronger.value)
            if mine is None or other is None or _same(name, mine[0], other[0]):
                continue
            surprising = stronger.source is Source.CMD_ARGS
            yield Problem(
                message=f"{name} = {shown(mine[0])} has no effect: {_called(stronger.source)} says "
                f"{shown(other[0])} ({stronger.place})",
                place=weaker.value_place,
                help=f"keep {name} in one place",
                setting=name,
                severity=Severity.WARNING if surprising else None,
            )
    yield from _overruled_app(subject)


def repeated_option(subject: Subject) -> Iterator[Problem]:
    """An option stands twice on a command line with different values, and the first one is dropped.

    Options that do not add up to a list keep their last value, without a word. Mostly another option was meant, as in
    ``-w 3 -w 2`` for three workers of two threads.

    Mend it by removing one, or by writing the option that was meant.

    Example::

        gunicorn -w ${WORKERS:-3} -w ${THREADS:-2} app:app               # before: 2 workers of 1 thread
        gunicorn -w ${WORKERS:-3} --threads ${THREADS:-2} app:app        # after

    Ignore it when a script appends options that are meant to replace earlier ones.
    """
    if subject.command is None:
        return
    given: dict[tuple[Source, str], Assigned] = {}
    for one in subject.command.assigned:
        if one.name in _APPENDING or one.source not in _WRITTEN:
            continue
        first = given.get((one.source, one.name))
        given[one.source, one.name] = one
        if first is None or first.text == one.text or not _differ(first, one):
            continue
        threads = one.name == "workers" and _THREADS_IN_NAME.search(one.text) is not None
        yield Problem(
            message=f"{one.name} is given twice: {first.text} is dropped, {one.text} holds",
            place=one.place,
            help="did you mean --threads?" if threads else f"remove one of them; the first is at {first.place}",
            setting=one.name,
        )


def _called(source: Source) -> str:
    return source.value if source is Source.CMD_ARGS else f"the {source.value}"


def _overruled(subject: Subject, name: str) -> Iterator[tuple[Assigned, Assigned]]:
    """Each place's own value beside the one that overrules all, the strongest of a later place."""
    last: dict[Source, Assigned] = {}
    for one in subject.config.all(name):
        if one.source in _WRITTEN:
            last[one.source] = one
    if len(last) < 2:
        return
    *weaker, strongest = sorted(last.values(), key=lambda one: one.source.rank)
    for one in weaker:
        yield one, strongest


def _overruled_app(subject: Subject) -> Iterator[Problem]:
    given, command = subject.config.get("wsgi_app"), subject.command
    if given is None or command is None or command.app is None or command.app_place is None:
        return
    mine, other = certain(given.value), certain(command.app)
    if mine is None or mine[0] is None or other is None or mine == other:
        return
    yield Problem(
        message=f"wsgi_app = {shown(mine[0])} has no effect: the command line names {shown(other[0])} "
        f"({command.app_place})",
        place=given.value_place,
        help="name the application in one place",
        setting="wsgi_app",
    )


def _entries(one: Assigned) -> Sequence[Literal]:
    value = certain(one.value)
    if value is None or not value[0]:
        return ()
    return tuple(value[0]) if isinstance(value[0], (list, tuple)) else (value[0],)


def _differ(one: Assigned, other: Assigned) -> bool:
    mine, its = certain(one.value), certain(other.value)
    return mine is None or its is None or mine != its


def _same(name: str, one: Literal, other: Literal) -> bool:
    if one == other and type(one) is type(other):
        return True
    kinds = {kind for _, kind in setting(name).types}
    return (
        bool(kinds & {SettingType.INT, SettingType.BOOL, SettingType.USER}) and str(one).lower() == str(other).lower()
    )


RULES = (
    Rule(
        code="GC113",
        name="list-replaced",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=list_replaced,
        evidence="gunicorn/app/base.py, load_config (27.0.1); run: raw_env A in the file and -e B set only B",
    ),
    Rule(
        code="GC114",
        name="overruled-setting",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=overruled_setting,
        evidence="gunicorn/app/base.py, load_config (27.0.1); run: 2 in the file, 3 in the variable, -w 4: 4 workers",
    ),
    Rule(
        code="GC116",
        name="repeated-option",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=repeated_option,
        evidence="argparse keeps the last; run: -w 3 -w 2 runs 2 workers",
    ),
)
