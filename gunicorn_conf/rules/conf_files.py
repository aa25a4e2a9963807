"""Rules on the configuration file itself: whether it is loaded, under which name, and what has no place in it."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Sequence

from gunicorn_conf.place import Source
from gunicorn_conf.read.source_text import SourceText
from gunicorn_conf.rules.conf_tree import is_read
from gunicorn_conf.rules.finding import Confidence, Edit, Fix, Problem, Severity
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Command, ConfFile, Subject
from gunicorn_conf.settings import settings
from gunicorn_conf.value import possibilities

_DEFAULT = "gunicorn.conf.py"
# Gunicorn takes these without a word (gunicorn/app/base.py, get_config_from_filename).
_PYTHON = frozenset({".py", ".pyc"})
# What templates are called before they are rendered; what they become has another name.
_TEMPLATES = frozenset({".dist", ".ejs", ".erb", ".example", ".in", ".j2", ".jinja", ".jinja2", ".sample", ".template"})


def overlooked_file(subject: Subject) -> Iterator[Problem]:
    """A gunicorn.conf.py lies in the directory of ``--chdir`` and is not loaded.

    Without ``-c``, Gunicorn looks for gunicorn.conf.py in the directory in which it is started, before it changes to
    that of ``--chdir``. The file is skipped without a word.

    Mend it by naming the file.

    Example::

        gunicorn --chdir src app:app                              # before: src/gunicorn.conf.py is not loaded
        gunicorn --chdir src -c src/gunicorn.conf.py app:app      # after

    Ignore it when the file belongs to another command.
    """
    if subject.overlooked_conf is None or subject.command is None:
        return
    chdir = subject.config.get("chdir")
    yield Problem(
        message=f"{subject.overlooked_conf} is not loaded: without -c Gunicorn looks in the directory in which it is "
        "started, before --chdir",
        place=subject.command.place if chdir is None else chdir.place,
        help=f"name the file: -c {subject.overlooked_conf}",
        setting="config",
    )


def implicit_file(subject: Subject) -> Iterator[Problem]:
    """The command does not name the gunicorn.conf.py that Gunicorn loads on its own.

    Gunicorn loads gunicorn.conf.py from the directory in which it is started. The settings on the command line look
    like all there are, and started from elsewhere the same command runs without the file.

    Mend it by naming the file with ``-c``.

    Example::

        gunicorn -w 4 app:app                           # before: ./gunicorn.conf.py counts too
        gunicorn -c gunicorn.conf.py -w 4 app:app       # after

    Ignore it when everyone who reads the command knows. A command without settings of its own is not reported.
    """
    conf, command = subject.conf, subject.command
    if conf is None or command is None or posixpath.basename(conf.path) != _DEFAULT or _names_file(command):
        return
    on_command = sorted({one.name for one in command.assigned})
    in_file = [one for one in subject.config.assigned if one.source is Source.FILE]
    if not on_command or not in_file:
        return
    yield Problem(
        message=f"{conf.path} counts as well, although the command sets {_some(on_command)} and names no file",
        place=command.place,
        help=f"name the file: -c {_DEFAULT}",
        setting="config",
    )


def file_extension(subject: Subject) -> Iterator[Problem]:
    """The configuration file has no Python extension.

    Gunicorn executes it as Python all the same, and prints "configuration file should have a valid Python extension"
    at every start. Editors, linters and type checkers do not recognise the file.

    Mend it by renaming the file to end in ``.py``.

    Example::

        gunicorn -c gunicorn.cfg app:app            # before
        gunicorn -c gunicorn.conf.py app:app        # after

    Ignore it when the warning does not disturb you. Templates, which are rendered under another name, are not reported.
    """
    conf, command = subject.conf, subject.command
    if conf is None or conf.problem is not None:
        return
    named = command is not None and _names_file(command)
    extension = posixpath.splitext(posixpath.basename(conf.path))[1]
    if not named or extension in _PYTHON or extension in _TEMPLATES or conf.path == "-":
        return
    yield Problem(
        message=f"{conf.path} has no Python extension, of which Gunicorn warns at every start",
        place=subject.place,
        help="rename it to end in .py",
        setting="config",
    )


def command_setting_in_file(subject: Subject) -> Iterator[Problem]:
    """The configuration file sets check_config, print_config or config, which belong on the command line.

    With ``check_config = True`` or ``print_config = True`` Gunicorn loads the application and ends with exit code 0
    instead of serving. ``config`` has no effect in a file, because it has been read by then.

    Mend it by removing it from the file; use the option when you need it.

    Example::

        check_config = True                        # before: Gunicorn ends at once
        gunicorn --check-config -c ... app:app     # after, by hand or in CI

    Ignore it when the file is only ever used to check a configuration.
    """
    for name in ("check_config", "print_config", "config"):
        one = next((one for one in subject.config.all(name) if one.source is Source.FILE), None)
        if one is None:
            continue
        if name != "config" and not any(value in (True, "true", "True") for value in possibilities(one.value)):
            continue
        unread = subject.conf is None or not any(
            found.name == name and found.read_elsewhere for found in subject.conf.names
        )
        remove = Fix(description="remove it", safe=name == "config", edits=(Edit(place=one.place, text=""),))
        yield Problem(
            message="config has no effect in a configuration file"
            if name == "config"
            else f"with {name} in its file Gunicorn ends at once, with exit code 0, instead of serving",
            place=one.place,
            help=f"remove it; the option is --{name.replace('_', '-')}",
            setting=name,
            fix=remove if unread and not one.conditional else None,
            severity=Severity.WARNING if name == "config" else None,
        )


def assigned_twice(subject: Subject) -> Iterator[Problem]:
    """A setting is assigned twice in the configuration file, and the first value is lost.

    The file is a Python module: the last assignment counts. Two of them are mostly left over from an edit, and whoever
    changes the first sees no effect.

    Mend it by removing one of them.

    Example::

        timeout = 30      # before
        ...
        timeout = 120

    Ignore it when nothing is lost by it. Assignments under conditions, and settings whose value the file reads, are
    not reported.
    """
    conf = subject.conf
    if conf is None or conf.tree is None:
        return
    seen: dict[str, ast.Assign] = {}
    for statement in conf.tree.body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        target = statement.targets[0]
        if not isinstance(target, ast.Name) or target.id not in settings():
            continue
        earlier = seen.get(target.id)
        seen[target.id] = statement
        if earlier is None or is_read(conf, target.id):
            continue
        yield _assigned_again(conf, target.id, earlier, statement)


def _assigned_again(conf: ConfFile, name: str, earlier: ast.Assign, later: ast.Assign) -> Problem:
    source = SourceText(conf.path, conf.text)
    place = source.place(earlier)
    # Removing what has no other effect than to set the value changes nothing.
    literal = all(isinstance(node, (ast.Constant, ast.List, ast.Tuple, ast.Load)) for node in ast.walk(earlier.value))
    alone = sum(
        one.lineno <= (earlier.end_lineno or 0) and (one.end_lineno or 0) >= earlier.lineno for one in _body(conf)
    )
    fix = Fix(description=f"remove the first assignment of {name}", safe=True, edits=(Edit(place=place, text=""),))
    return Problem(
        message=f"{name} is assigned again in line {later.lineno}, so this value is lost",
        place=place,
        help="remove one of the two",
        setting=name,
        fix=fix if literal and alone == 1 else None,
    )


def _body(conf: ConfFile) -> Sequence[ast.stmt]:
    return () if conf.tree is None else conf.tree.body


def _names_file(command: Command) -> bool:
    return any(one.name == "config" for one in command.assigned)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


RULES = (
    Rule(
        code="GC122",
        name="overlooked-file",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=overlooked_file,
        evidence="gunicorn/config.py, get_default_config_file (27.0.1); run: sub/gunicorn.conf.py is not loaded",
    ),
    Rule(
        code="GC123",
        name="implicit-file",
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        check=implicit_file,
        evidence="gunicorn/config.py, get_default_config_file (27.0.1)",
    ),
    Rule(
        code="GC124",
        name="file-extension",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=file_extension,
        evidence="gunicorn/app/base.py, get_config_from_filename (27.0.1); run: a banner at every start",
    ),
    Rule(
        code="GC128",
        name="command-setting-in-file",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=command_setting_in_file,
        evidence="gunicorn/app/base.py, run (27.0.1); run: check_config = True ends with exit code 0 at once",
    ),
    Rule(
        code="GC129",
        name="assigned-twice",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=assigned_twice,
        evidence="Python: the last assignment to a name counts",
    ),
)
