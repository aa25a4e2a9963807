"""Rules on settings that change nothing by themselves, or the opposite of what they say."""

from __future__ import annotations

from collections.abc import Iterator

from gunicorn_conf.place import Source
from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_known, is_off, is_on, removal, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject


def reload_option_without_reload(subject: Subject) -> Iterator[Problem]:
    """reload_engine or reload_extra_files is set, and reload is off.

    Only the reloader reads them, and there is none without reload.

    Mend it by removing them, or switch reload on where code is being changed: never in production.

    Example::

        reload_extra_files = ["templates/base.html"]     # before: no effect
        reload = True                                    # after, in development

    Ignore it when reload is switched on by a command line that was not looked at, as with ``gunicorn --reload``.
    """
    if not is_off(subject, "reload"):
        return
    for name in ("reload_engine", "reload_extra_files"):
        one = given(subject, name)
        if one is None or (name == "reload_extra_files" and not is_on(subject, name)):
            continue
        yield Problem(
            message=f"{name} has no effect, because reload is off",
            place=one.place,
            help=f"remove {name}, or set reload = True where you develop",
            setting=name,
            confidence=None if subject.command is not None else Confidence.MEDIUM,
        )


def sendfile_true(subject: Subject) -> Iterator[Problem]:
    """sendfile is True, which switches sendfile off.

    Gunicorn uses sendfile when the setting is not given at all. Any value, True as well as False, switches it off: only
    the command line's --no-sendfile was meant to give one.

    Mend it by removing the setting; SENDFILE=1 in the environment does nothing more.

    Example::

        sendfile = True     # before: files are copied through the process
                            # after: nothing

    Ignore it when the application never sends files with wsgi.file_wrapper; then it changes nothing.
    """
    found = wrong(subject, "sendfile", lambda value: value is True or str(value).strip().lower() == "true")
    if found is None:
        return
    one, how = found
    yield Problem(
        message=f"sendfile {how.verb} {how.example}{how.condition}, which switches sendfile off, as any value does",
        place=one.place,
        help="remove it: Gunicorn uses sendfile when nothing is set",
        setting="sendfile",
        fix=removal(subject, one, safe=False) if how.always else None,
        confidence=how.confidence,
    )


def setting_without_reader(subject: Subject) -> Iterator[Problem]:
    """tmp_upload_dir is set, which nothing in Gunicorn reads.

    The setting is accepted, and that is all: no release from 20.1 to 27.0 uses it. Where uploads are kept is up to the
    application's framework, and the heartbeat's directory is worker_tmp_dir.

    Mend it by removing the setting, or use TMPDIR or worker_tmp_dir, whichever was meant.

    Example::

        tmp_upload_dir = "/data/tmp"     # before: no effect
        worker_tmp_dir = "/dev/shm"      # after, if the heartbeat was meant

    Ignore it when a worker class of your own reads it.
    """
    one = given(subject, "tmp_upload_dir")
    if one is None or not is_on(subject, "tmp_upload_dir"):
        return
    own = subject.config.worker_class
    yield Problem(
        message="tmp_upload_dir has no effect: nothing in Gunicorn reads it",
        place=one.place,
        help="remove it; TMPDIR moves the temporary files of Python, worker_tmp_dir those of Gunicorn",
        setting="tmp_upload_dir",
        fix=removal(subject, one, safe=own is not None and "." not in own),
    )


def dirty_incomplete(subject: Subject) -> Iterator[Problem]:
    """dirty_workers is set without dirty_apps, or the other way round.

    Gunicorn starts the dirty arbiter only when both are set, and says nothing otherwise; calls to a dirty worker then
    fail.

    Mend it by setting both.

    Example::

        dirty_workers = 2                       # before: no dirty worker runs
        dirty_apps = ["shop.models:Predict"]    # after, with dirty_workers

    Ignore it when the other one is given on a command line that was not looked at. Since Gunicorn 25.0.0.
    """
    for name, other in (("dirty_workers", "dirty_apps"), ("dirty_apps", "dirty_workers")):
        one = given(subject, name)
        if (
            one is None
            or not is_on(subject, name)
            or not is_known(subject, other, lambda value: value in (0, [], None))
        ):
            continue
        yield Problem(
            message=f"{name} is set without {other}: no dirty worker is started",
            place=one.place,
            help=f"set {other} as well, or remove {name}",
            setting=name,
            severity=Severity.WARNING if one.source is Source.FILE and subject.command is None else None,
        )


RULES = (
    Rule(
        code="GC141",
        name="reload-option-without-reload",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=reload_option_without_reload,
        evidence="gunicorn/workers/base.py:124 (27.0.1)",
    ),
    Rule(
        code="GC164",
        name="sendfile-true",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        check=sendfile_true,
        evidence="gunicorn/config.py:253 (27.0.1; the same since 20.1); run: the property is False",
    ),
    Rule(
        code="GC165",
        name="setting-without-reader",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        check=setting_without_reader,
        evidence="no module of Gunicorn 20.1.0 to 27.0.1 reads tmp_upload_dir (searched)",
    ),
    Rule(
        code="GC167",
        name="dirty-incomplete",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=dirty_incomplete,
        since=Release(25),
        evidence="gunicorn/arbiter.py:217 (27.0.1); run: no dirty arbiter is started",
    ),
)
