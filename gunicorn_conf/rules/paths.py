"""Rules on what Gunicorn will not find: paths that it does not expand, directories that it does not make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Source
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_sure, text_of, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.value import Literal, certain

# What happens when the path is not there (run, 27.0.1; logconfig_json: gunicorn/glogging.py:255).
_ENDS = "Gunicorn ends at start"
_CONSEQUENCES: Mapping[str, str] = {
    "accesslog": _ENDS,
    "ca_certs": "no client can connect",
    "certfile": _ENDS,
    "chdir": _ENDS,
    "errorlog": _ENDS,
    "keyfile": _ENDS,
    "logconfig": _ENDS,
    "logconfig_json": "it is silently ignored",
    "pidfile": _ENDS,
    "pythonpath": "it is silently ignored",
    "worker_tmp_dir": "no worker starts and Gunicorn ends",
}
# Those for which Gunicorn makes the file but not its directory; worker_tmp_dir is a directory itself.
_MADE_IN_A_DIRECTORY = ("accesslog", "errorlog", "pidfile", "worker_tmp_dir")
_HOME = re.compile(r"~[\w.-]*(?:/|$)")
_VARIABLE = re.compile(r"\$(?:\w+|\{\w+\})")
_PLACEHOLDER = re.compile(r"/path/to/|/your/|<[\w -]+>|your[-_](?:app|project|domain)", re.IGNORECASE)
_INLINE = "-----BEGIN "
# Directories that every Linux system and image has, or whose content the system makes.
_ALWAYS_THERE = frozenset(
    {
        *("", "/", "/dev", "/dev/fd", "/dev/shm", "/etc", "/home", "/opt", "/run", "/srv", "/tmp", "/usr", "/var"),
        *("/usr/local", "/var/lib", "/var/log", "/var/run", "/var/tmp", "/root", "/mnt", "/run/lock", "/var/lock"),
        # Azure App Service makes it in every container of its own.
        "/home/LogFiles",
    }
)
# What is longer, or holds line ends, is no path that a sentence could show.
_LONGEST = 200
_MAKES_DIRECTORIES = re.compile(r"\b(?:makedirs|mkdir)\b")


def path_never_found(subject: Subject) -> Iterator[Problem]:
    """A path begins with ~, holds a variable such as $HOME, is a placeholder, or is a certificate's text, not its file.

    Gunicorn uses paths as they are written: only a shell expands ``~`` and ``$HOME``, and a configuration file is not
    read by one. For most settings Gunicorn then ends at start; logconfig_json and pythonpath are silently ignored.
    ``gunicorn --check-config`` looks at chdir alone.

    Mend it with ``os.path.expanduser`` or ``os.path.expandvars``, or with the whole path.

    Example::

        errorlog = "~/logs/gunicorn.log"                         # before
        errorlog = os.path.expanduser("~/logs/gunicorn.log")     # after

    Ignore it when a directory is really named so, or the file is a template whose placeholders are filled in later.
    """
    for name, consequence in _CONSEQUENCES.items():
        found = wrong(subject, name, lambda value: _why(value) is not None)
        if found is None:
            continue
        one, how = found
        why = _why(how.example)
        # On a command line a shell may expand these; what it expands to has been read already where that is known.
        if why is None or (one.source is not Source.FILE and why is not _PLACEHOLDER_WHY):
            continue
        text = shown(str(how.example).strip().splitlines()[0])
        yield Problem(
            message=f"{name} {how.verb} {text}{how.condition}, {why}: {consequence}",
            place=one.value_place,
            help=_HELP[why],
            setting=name,
            severity=how.severity or (Severity.WARNING if why is _PLACEHOLDER_WHY else None),
            confidence=how.confidence or (Confidence.MEDIUM if why is _PLACEHOLDER_WHY else None),
        )


def directory_must_exist(subject: Subject) -> Iterator[Problem]:
    """A log, the pidfile or worker_tmp_dir is in a directory that Gunicorn does not make.

    Gunicorn makes the file, not its directory, and ends at start when the directory is not there. It is the usual
    surprise on a new machine or in a new image; ``gunicorn --check-config`` does not look.

    Mend it by making the directory before Gunicorn starts, or log to standard output with ``"-"``.

    Example::

        accesslog = "/var/log/shop/access.log"     # before: /var/log/shop must exist
        accesslog = "-"                            # after

    Ignore it when the directory is there: made by the image, by systemd's LogsDirectory= or by the deployment.
    Directories that every system has are not reported, nor is anything when the file makes directories itself.
    """
    conf = subject.conf
    if conf is not None and _MAKES_DIRECTORIES.search(conf.text):
        return
    needed: dict[str, list[Assigned]] = {}
    for name in _MADE_IN_A_DIRECTORY:
        one = given(subject, name)
        directory = _directory(one) if one is not None else None
        if one is not None and directory is not None and not _is_there(directory, subject):
            needed.setdefault(directory, []).append(one)
    for directory, settings in needed.items():
        names = " and ".join(one.name for one in settings)
        yield Problem(
            message=f"{names} {'needs' if len(settings) == 1 else 'need'} the directory {directory},"
            f" which Gunicorn does not make: where it is missing, {_CONSEQUENCES[settings[0].name]}",
            place=settings[0].value_place,
            help=f"make sure that {directory} is made before Gunicorn starts",
            setting=settings[0].name,
        )


_HOME_WHY = "which only a shell would expand"
_VARIABLE_WHY = "whose variable only a shell would expand"
_PLACEHOLDER_WHY = "which looks like a placeholder"
_INLINE_WHY = "which is the text itself and not a path"
_HELP = {
    _HOME_WHY: "use os.path.expanduser(), or the whole path",
    _VARIABLE_WHY: "use os.environ, os.path.expandvars(), or the whole path",
    _PLACEHOLDER_WHY: "write the real path",
    _INLINE_WHY: "write the text to a file and give its path",
}


def _why(value: Literal) -> str | None:
    if not isinstance(value, str):
        return None
    if value.lstrip().startswith(_INLINE):
        return _INLINE_WHY
    if _HOME.match(value):
        return _HOME_WHY
    if _VARIABLE.search(value):
        return _VARIABLE_WHY
    return _PLACEHOLDER_WHY if _PLACEHOLDER.search(value) else None


def _directory(one: Assigned) -> str | None:
    """The directory that must be there, None where nothing can be said."""
    value = certain(one.value)
    if value is None or not is_sure(one) or not isinstance(value[0], str):
        return None
    path = value[0].strip()
    if path in ("", "-") or _why(path) is not None or len(path) > _LONGEST or not path.isprintable():
        return None
    return (path if one.name == "worker_tmp_dir" else path.rpartition("/")[0]).rstrip("/")


def _is_there(directory: str, subject: Subject) -> bool:
    directory = directory[2:] if directory.startswith("./") else directory
    if directory in _ALWAYS_THERE or directory == "." or directory.startswith("/proc/"):
        return True
    # Where Gunicorn runs is there, and so is what holds it.
    places = (text_of(subject, "chdir"), subject.command.directory if subject.command is not None else None)
    return any(place is not None and (place == directory or place.startswith(f"{directory}/")) for place in places)


RULES = (
    Rule(
        code="GC139",
        name="path-never-found",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=path_never_found,
        evidence='run: errorlog = "~/x.log" ends with exit code 1, worker_tmp_dir with 255 (27.0.1)',
    ),
    Rule(
        code="GC140",
        name="directory-must-exist",
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        check=directory_must_exist,
        evidence="gunicorn/glogging.py:448, pidfile.py:33, workers/workertmp.py:21 (27.0.1); run: exit code 1, 1, 255",
    ),
)
