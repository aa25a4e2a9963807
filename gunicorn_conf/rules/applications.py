"""Rules on the application that is served: its interface against the worker class, and factories that nobody calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gunicorn_conf.config import Assigned
from gunicorn_conf.place import Place
from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Problem, Severity
from gunicorn_conf.rules.given import given, is_sure, rewrite
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.worker_classes import effective_class
from gunicorn_conf.value import certain

_WSGI_CLASSES = frozenset({"sync", "gthread", "gevent", "gevent_wsgi", "gevent_pywsgi", "eventlet", "tornado"})
_ASGI_CAME = Release(24)
# The names that frameworks' documentation gives to a function that makes an application.
_FACTORY_NAMES = frozenset(
    {"create_app", "make_app", "build_app", "app_factory", "create_application", "make_wsgi_app"}
)


def asgi_on_wsgi_worker(subject: Subject) -> Iterator[Problem]:
    """An ASGI application (FastAPI, Starlette, Quart, Django's asgi.py) is served by a worker for WSGI.

    The worker calls the application with two arguments where ASGI has three: every request is answered with 500 and a
    TypeError in the log. Gunicorn starts without a word, and ``gunicorn --check-config`` is content.

    Mend it with ``worker_class = "asgi"`` (since Gunicorn 24.0.0), or with ``uvicorn_worker.UvicornWorker``.

    Example::

        gunicorn shop.asgi:application             # before: the sync worker
        gunicorn -k asgi shop.asgi:application     # after

    Ignore it when the application answers to both interfaces. Without the application's source only a module named
    asgi tells, and the finding is a warning.
    """
    target, name = _target(subject), effective_class(subject)
    if name is None or not _is_wsgi(name):
        return
    known = subject.app_kind == "asgi"
    if not known and not (subject.app_kind is None and target is not None and _module_ends(target.text, "asgi")):
        return
    what = _what(target, "ASGI", known=known)
    better = "asgi or uvicorn_worker.UvicornWorker" if subject.release >= _ASGI_CAME else "uvicorn_worker.UvicornWorker"
    yield Problem(
        message=f"{what}, and the {name} worker speaks WSGI: every request is answered with 500",
        place=_class_place(subject, target),
        help=f"use the worker class {better}",
        setting="worker_class",
        severity=None if known else Severity.WARNING,
        confidence=None if known else Confidence.MEDIUM,
    )


def wsgi_on_asgi_worker(subject: Subject) -> Iterator[Problem]:
    """A WSGI application (Flask, Django's wsgi.py, Bottle) is served by a worker for ASGI.

    The worker calls the application with three arguments where WSGI has two: every request is answered with 500 and a
    TypeError in the log; with ``asgi_lifespan = "on"`` Gunicorn ends.

    Mend it with the worker class gthread, or serve the framework's ASGI application.

    Example::

        gunicorn -k uvicorn_worker.UvicornWorker shop.wsgi:application     # before
        gunicorn -k gthread --threads 4 shop.wsgi:application              # after

    Ignore it when the application answers to both interfaces. Without the application's source only a module named
    wsgi tells, and the finding is a warning.
    """
    target, name = _target(subject), effective_class(subject)
    if name is None or not _is_asgi(name):
        return
    known = subject.app_kind == "wsgi"
    if not known and not (subject.app_kind is None and target is not None and _module_ends(target.text, "wsgi")):
        return
    what = _what(target, "WSGI", known=known)
    yield Problem(
        message=f"{what}, and the {name} worker speaks ASGI: every request is answered with 500",
        place=_class_place(subject, target),
        help="use the worker class gthread, or serve the framework's ASGI application",
        setting="worker_class",
        severity=None if known else Severity.WARNING,
        confidence=None if known else Confidence.MEDIUM,
    )


def factory_without_call(subject: Subject) -> Iterator[Problem]:
    """The application is named as a function that makes one, without the parentheses that call it.

    Gunicorn only checks that the name can be called. Each request then calls the factory with the arguments of a
    request: a TypeError, answered with 500.

    Mend it by adding the parentheses; a shell wants the whole in quotes.

    Example::

        gunicorn shop:create_app         # before
        gunicorn "shop:create_app()"     # after

    Ignore it when the name is an application all the same. Without the application's source only the usual names
    (create_app, make_app, ...) tell, and the finding is a warning. uvicorn's workers call a factory themselves.
    """
    target, name = _target(subject), effective_class(subject)
    if target is None or "(" in target.text or name is None or not (_is_wsgi(name) or name == "asgi"):
        return
    known = subject.app_kind == "factory"
    if not known and not (subject.app_kind is None and target.text.partition(":")[2] in _FACTORY_NAMES):
        return
    right = f"{target.text}()"
    fix = None
    setting = target.assigned
    if known and setting is not None and setting.text[:1] in ("'", '"'):
        fix = rewrite(setting, f'"{right}"', "call the factory", safe=True)
    yield Problem(
        message=f"{target.text} is a function that makes the application{'' if known else ', by its name,'}"
        " and is not called: every request is answered with 500",
        place=target.place,
        help=f'write "{right}", with quotes where a shell reads it',
        setting="wsgi_app" if setting is not None else None,
        fix=fix,
        severity=None if known else Severity.WARNING,
        confidence=None if known else Confidence.MEDIUM,
    )


class _Target(NamedTuple):
    text: str
    place: Place
    assigned: Assigned | None


def _target(subject: Subject) -> _Target | None:
    """The application as it is named: the command line's positional wins over wsgi_app (gunicorn/app/wsgiapp.py)."""
    command = subject.command
    if command is not None and command.app is not None:
        value = certain(command.app)
        if value is None or not isinstance(value[0], str):
            return None
        return _Target(value[0], command.app_place or command.place, None)
    one = given(subject, "wsgi_app")
    value = certain(one.value) if one is not None else None
    if one is None or not is_sure(one) or value is None or not isinstance(value[0], str):
        return None
    return _Target(value[0], one.value_place, one)


def _class_place(subject: Subject, target: _Target | None) -> Place:
    one = given(subject, "worker_class")
    if one is not None:
        return one.value_place
    return target.place if target is not None else subject.place


def _module_ends(target: str, word: str) -> bool:
    return target.partition(":")[0].rpartition(".")[2] == word


def _what(target: _Target | None, interface: str, *, known: bool) -> str:
    if target is None:
        return f"the application is for {interface}"
    article = "an" if interface == "ASGI" else "a"
    return f"{target.text} is {article} {interface} application{'' if known else ' by its name'}"


def _is_wsgi(name: str) -> bool:
    return name in _WSGI_CLASSES or "meinheld" in name


def _is_asgi(name: str) -> bool:
    return name == "asgi" or name.startswith(("uvicorn.workers.", "uvicorn_worker."))


RULES = (
    Rule(
        code="GC135",
        name="asgi-app-on-wsgi-worker",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=asgi_on_wsgi_worker,
        evidence="run: every request is answered with 500, gunicorn --check-config exits 0 (27.0.1)",
    ),
    Rule(
        code="GC136",
        name="wsgi-app-on-asgi-worker",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=wsgi_on_asgi_worker,
        evidence="run: every request is answered with 500, gunicorn --check-config exits 0 (27.0.1)",
    ),
    Rule(
        code="GC137",
        name="factory-without-call",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=factory_without_call,
        evidence="gunicorn/util.py, import_app (27.0.1), only asks callable(); run: every request is answered with 500",
    ),
)
