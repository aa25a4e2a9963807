"""The rule on worker classes that Gunicorn does not find, and which class runs in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gunicorn_conf.config import Assigned
from gunicorn_conf.release import Release
from gunicorn_conf.rules.finding import Confidence, Fix, Problem, Severity
from gunicorn_conf.rules.given import given, is_sure, rewrite, wrong
from gunicorn_conf.rules.rule import Rule
from gunicorn_conf.rules.subject import Subject
from gunicorn_conf.rules.verdict import shown
from gunicorn_conf.settings import worker_classes
from gunicorn_conf.value import Literal

# Known to every release below 26; outdated_workers.py has the rule on it.
EVENTLET = ("eventlet", "gunicorn.workers.geventlet.EventletWorker")
_ASGI_CAME = Release(24)

# The classes of the modules that people name in full; anything else in them is no worker.
_CLASSES: Mapping[str, tuple[str, ...]] = {
    "gunicorn.workers.sync": ("SyncWorker",),
    "gunicorn.workers.gthread": ("ThreadWorker",),
    "gunicorn.workers.ggevent": ("GeventWorker", "GeventPyWSGIWorker"),
    "gunicorn.workers.geventlet": ("EventletWorker",),
    "gunicorn.workers.gtornado": ("TornadoWorker",),
    "gunicorn.workers.gasgi": ("ASGIWorker",),
    "uvicorn.workers": ("UvicornWorker", "UvicornH11Worker"),
    "uvicorn_worker": ("UvicornWorker", "UvicornH11Worker"),
}
# What people write for a class.
_ALIASES: Mapping[str, str] = {
    "async": "asgi",
    "asyncio": "asgi",
    "aiohttp": "aiohttp.GunicornWebWorker",
    "gaiohttp": "aiohttp.GunicornWebWorker",
    "gasgi": "asgi",
    "ggevent": "gevent",
    "gtornado": "tornado",
    "meinheld": "egg:meinheld#gunicorn_worker",
    "thread": "gthread",
    "threaded": "gthread",
    "threading": "gthread",
    "threads": "gthread",
    "uvicorn": "uvicorn_worker.UvicornWorker",
    "uvicorn.workers": "uvicorn_worker.UvicornWorker",
    "uvicorn_worker": "uvicorn_worker.UvicornWorker",
}


def unknown_worker_class(subject: Subject) -> Iterator[Problem]:
    """The worker class is none that Gunicorn can find: misspelt, too new for the release, or a wrong dotted path.

    Gunicorn ends before it starts; a path whose last part is no class of its module ends it in its main loop.
    ``gunicorn --check-config`` finds nothing wrong with either. Names are compared exactly: ``Gevent`` is unknown.

    Mend it with one of the short names (sync, gthread, gevent, tornado, asgi) or the dotted path of a class.

    Example::

        worker_class = "threads"     # before
        worker_class = "gthread"     # after

    Ignore it when the class is registered under this name by a package of your own; a dotted path says so better.
    """
    found = wrong(subject, "worker_class", lambda value: _unknown(class_text(value), subject.release))
    if found is None:
        return
    one, how = found
    name = class_text(how.example)
    meant = _meant(name, subject.release)
    known = ", ".join(sorted(worker_classes(subject.release) - {"gevent_wsgi", "gevent_pywsgi"}))
    newer = name in ("asgi", "gunicorn.workers.gasgi.ASGIWorker") and subject.release < _ASGI_CAME
    since = f" (it came with {_ASGI_CAME})" if newer else ""
    yield Problem(
        message=f"worker_class {how.verb} {shown(how.example)}{how.condition},"
        f" which Gunicorn {subject.release} does not find{since}: it ends at start",
        place=one.value_place,
        help=f"did you mean {meant}?" if meant else f"use one of {known}, or the dotted path of a class",
        setting="worker_class",
        fix=_renamed(one, meant) if how.always else None,
        severity=how.severity,
        confidence=how.confidence,
    )


def effective_class(subject: Subject) -> str | None:
    """The worker class that runs where it is certain, by its short name; None where it is not."""
    one = given(subject, "worker_class")
    threads = given(subject, "threads")
    if any(other is not None and not is_sure(other) for other in (one, threads)):
        return None
    return subject.config.worker_class


def class_text(value: Literal) -> str:
    """The name of a worker class as Gunicorn takes it, empty where it is no text."""
    return value.strip() if isinstance(value, str) else ""


def _unknown(name: str, release: Release) -> bool:
    if not name or name in EVENTLET:
        return False
    if name.startswith("egg:"):
        distribution, _, entry = name[len("egg:") :].rpartition("#")
        return distribution == "gunicorn" and bool(entry)
    # Gunicorn strips leading number signs (gunicorn/util.py, load_class).
    short = name.lstrip("#")
    if "." not in name:
        return short not in worker_classes(release)
    module, _, attribute = name.rpartition(".")
    if module == "gunicorn.workers.gasgi" and release < _ASGI_CAME:
        return True
    if module in _CLASSES:
        return attribute not in _CLASSES[module]
    return module in ("gunicorn", "gunicorn.workers", "uvicorn") or module.startswith("gunicorn.workers.")


def _meant(name: str, release: Release) -> str | None:
    import difflib

    if name.startswith("egg:"):
        # Gunicorn has had no entry points for its workers since 20.0 (its entry_points.txt).
        name = name.rpartition("#")[2]
    alias = _ALIASES.get(name.lower())
    if alias is not None:
        return alias if alias != "asgi" or release >= _ASGI_CAME else None
    names = sorted(worker_classes(release))
    if "." in name:
        module, _, attribute = name.rpartition(".")
        near = difflib.get_close_matches(attribute.lower(), [one.lower() for one in _CLASSES.get(module, ())], 1, 0.6)
        if near:
            return next(f"{module}.{one}" for one in _CLASSES[module] if one.lower() == near[0])
        if attribute in names:
            return attribute
        return None if module == "gunicorn.workers.gasgi" else _ALIASES.get(attribute)
    near = difflib.get_close_matches(name.lower(), names, 1, 0.7)
    return near[0] if near else None


def _renamed(one: Assigned, meant: str | None) -> Fix | None:
    """Gunicorn does not start with the name, so nothing that works can change."""
    if meant is None or not one.text.startswith(("'", '"')) or "\n" in one.text:
        return None
    # Another package's class needs that package, which may not be there.
    return rewrite(one, f'"{meant}"', f"write {meant}", safe="." not in meant or meant.startswith("gunicorn."))


RULES = (
    Rule(
        code="GC131",
        name="worker-class-unknown",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        check=unknown_worker_class,
        evidence="gunicorn/util.py, load_class (27.0.1); run: exit code 1, for a wrong class of a module 255",
    ),
)
